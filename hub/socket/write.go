package socket

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"time"

	"partyline/hub"
)

// TryWrite is hub.TryWriter's.
func (c *Conn) TryWrite(frames []byte) (int, error) {
	if !c.pen.TryLock() { // the gateway itself writes just now
		return 0, hub.ErrWouldBlock
	}
	defer c.pen.Unlock()
	switch {
	case c.stopped.Load():
		return 0, c.closedErr()
	case len(c.rest) > 0:
		return 0, hub.ErrWouldBlock
	}
	n, err := trySend(c.fd, frames)
	switch {
	case err != nil && err != syscall.EAGAIN:
		return 0, os.NewSyscallError("write", err)
	case n < len(frames):
		return c.keep(frames, n), hub.ErrWouldBlock
	}
	return n, nil
}

// Write is hub.Conn's. What the gateway itself has to write goes through it too, frame by
// frame, and so never into the middle of another one.
func (c *Conn) Write(frames []byte) (int, error) {
	c.pen.Lock()
	defer c.pen.Unlock()
	return c.write(frames)
}

// WriteLast writes the last frame. Where another Write is under way for longer than a
// time, it stops that one and writes nothing.
func (c *Conn) WriteLast(frame []byte, wait time.Duration) error {
	hurry := time.AfterFunc(wait, c.Stop)
	c.pen.Lock()
	defer c.pen.Unlock()
	hurry.Stop()
	_, err := c.write(frame)
	c.stopped.Store(true)
	return err
}

// write writes the rest of a frame and then frames. The pen is held.
func (c *Conn) write(frames []byte) (int, error) {
	n, err := c.push(c.rest)
	c.rest = c.rest[n:]
	if err != nil {
		return 0, err
	}
	c.rest = nil
	n, err = c.push(frames)
	return c.keep(frames, n), err
}

// keep remembers what is left of a frame of which n bytes in all were written, and
// returns how much of frames counts as written.
func (c *Conn) keep(frames []byte, n int) int {
	if n == 0 || n == len(frames) {
		return n
	}
	end := c.end(frames, n)
	c.rest = bytes.Clone(frames[n:end])
	return end
}

// push writes all of b as long as the peer takes something.
func (c *Conn) push(b []byte) (n int, err error) {
	switch {
	case c.stopped.Load():
		return 0, c.closedErr()
	case len(b) == 0:
		return 0, nil
	}
	// The kernel takes a few bytes now and then though the peer reads none. So what
	// counts is what the peer acknowledged: what was written less what is still queued.
	look := max(min(c.timeout/8, time.Second), time.Millisecond)
	begun := time.Now()
	acknowledged := -unacknowledged(c.fd)
	for {
		c.tcp.SetWriteDeadline(time.Now().Add(look))
		if c.stopped.Load() { // meanwhile: this may have come behind Stop's own deadline
			return n, c.closedErr()
		}
		var m int
		m, err = c.tcp.Write(b[n:])
		n += m
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if now := n - unacknowledged(c.fd); now > acknowledged {
			acknowledged, begun = now, time.Now()
		} else if time.Since(begun) >= c.timeout {
			return n, hub.ErrSlow
		}
	}
	if err == nil {
		err = c.tcp.SetWriteDeadline(time.Time{})
	}
	return n, err
}
