package socket

import (
	"errors"
	"os"
	"time"
)

// Watch waits for d, or until the peer's end, as [hub.Watcher] requires. It reads nothing, or with
// TLS at most what the next Read returns. drained says that the gateway holds nothing that ReadLine would return. If it does hold
// something, and on systems other than Linux, Watch waits for d or until EndReading.
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

// setReadDeadline sets the read deadline. After EndReading it does nothing and returns false.
func (c *Conn) setReadDeadline(t time.Time) bool {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	if c.readEnded {
		return false
	}
	c.nc.SetReadDeadline(t)
	return true
}

// EndReading makes a waiting Read or Watch, and all later ones, return an error.
func (c *Conn) EndReading() {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	c.readEnded = true
	c.nc.SetReadDeadline(time.Unix(1, 0))
}
