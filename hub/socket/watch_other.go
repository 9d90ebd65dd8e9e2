//go:build !linux || portable

package socket

import "time"

// watchStep is how long watch takes at most to notice EndReading.
const watchStep = 50 * time.Millisecond

// watch waits for d, or until EndReading.
func (c *Conn) watch(d time.Duration, _ bool) error {
	for until := time.Now().Add(d); time.Now().Before(until) && !c.hasEndedReading(); {
		time.Sleep(min(watchStep, time.Until(until)))
	}
	return nil
}

func (c *Conn) hasEndedReading() bool {
	c.deadlineMu.Lock()
	defer c.deadlineMu.Unlock()
	return c.readEnded
}
