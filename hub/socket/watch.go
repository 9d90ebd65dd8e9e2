package socket

import (
	"errors"
	"os"
	"time"
)

// Watch is hub.Watcher's. drained says that the gateway holds nothing that ReadLine would
// return; otherwise Watch waits for d, or until EndReading. Watch reads nothing. One goroutine
// at a time may call Watch or Read.
//
// On systems other than Linux it only waits for d, or until EndReading.
func (c *Conn) Watch(d time.Duration, drained bool) error {
	if !c.setReadDeadline(time.Now().Add(d)) {
		return c.closedErr()
	}
	err := c.watch(d, drained)
	switch {
	case !c.setReadDeadline(time.Time{}):
		return c.closedErr()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	}
	return err
}

// setReadDeadline sets the read deadline and returns true. After EndReading it returns
// false and leaves the deadline alone.
func (c *Conn) setReadDeadline(t time.Time) bool {
	c.deadline.Lock()
	defer c.deadline.Unlock()
	if c.readEnded {
		return false
	}
	c.tcp.SetReadDeadline(t)
	return true
}

// EndReading makes a Read or a Watch that waits, and all later ones, return an error.
func (c *Conn) EndReading() {
	c.deadline.Lock()
	defer c.deadline.Unlock()
	c.readEnded = true
	c.tcp.SetReadDeadline(time.Unix(1, 0))
}
