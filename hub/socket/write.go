package socket

import (
	"bytes"
	"cmp"
	"errors"
	"os"
	"syscall"
	"time"

	"partyline/hub"
)

// TryWrite implements [hub.TryWriter].
func (c *Conn) TryWrite(frames []byte) (int, error) {
	if !c.writeMu.TryLock() { // another write is in progress
		return 0, hub.ErrWouldBlock
	}
	defer c.writeMu.Unlock()
	switch {
	case c.stopped.Load():
		return 0, c.closedErr()
	case len(c.rest) > 0 || c.tls != nil && c.tls.hasRest():
		return 0, hub.ErrWouldBlock
	case c.tls != nil:
		return c.tryWriteTLSLocked(frames)
	}
	n, err := c.trySendLocked(frames)
	switch {
	case err != nil && err != syscall.EAGAIN:
		return 0, os.NewSyscallError("write", err)
	case n < len(frames):
		return c.saveRestLocked(frames, n), hub.ErrWouldBlock
	}
	return n, nil
}

// Write writes frames as [hub.Conn] requires. A gateway also uses it for frames of its own,
// which then never come within another frame.
func (c *Conn) Write(frames []byte) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	return c.writeLocked(frames)
}

// WriteWithin is Write with another timeout than that of Init. Unlike Stop at the end of some time, the timeout can't
// fail a write that has succeeded, or a later one, if the process is paused meanwhile.
func (c *Conn) WriteWithin(frames []byte, timeout time.Duration) (int, error) {
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	c.within = timeout
	defer func() { c.within = 0 }()
	return c.writeLocked(frames)
}

// WriteLast writes the last frame. If another Write takes longer than wait, WriteLast stops
// it and writes nothing. All later writes return os.ErrClosed.
func (c *Conn) WriteLast(frame []byte, wait time.Duration) error {
	stop := time.AfterFunc(wait, c.Stop)
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	stop.Stop()
	_, err := c.writeLocked(frame)
	c.stopped.Store(true)
	return err
}

// TryLast writes a frame after which c ends, such as the reason for it, if the peer accepts it. It does
// not wait, or for at most lastTimeout if there is no rawIO.
func (c *Conn) TryLast(frame []byte) {
	if rawIO {
		c.TryWrite(frame)
		return
	}
	stop := time.AfterFunc(lastTimeout, c.Stop)
	defer stop.Stop()
	c.Write(frame)
}

// writeLocked writes the rest of a frame and then frames.
func (c *Conn) writeLocked(frames []byte) (int, error) {
	if c.tls != nil {
		return c.writeTLSLocked(frames)
	}
	n, err := c.sendLocked(c.rest)
	c.rest = c.rest[n:]
	if err != nil {
		return 0, err
	}
	c.rest = nil
	n, err = c.sendLocked(frames)
	return c.saveRestLocked(frames, n), err
}

// saveRestLocked saves the rest of the frame in which the first n bytes of frames end. It
// returns how many bytes of frames count as written.
func (c *Conn) saveRestLocked(frames []byte, n int) int {
	if n == 0 || n == len(frames) {
		return n
	}
	end := c.end(frames, n)
	c.rest = bytes.Clone(frames[n:end])
	return end
}

// trySendLocked writes what the kernel takes without waiting.
func (c *Conn) trySendLocked(b []byte) (n int, err error) {
	if !c.unix {
		return trySend(c.fd, b)
	}
	c.queue.update(unacknowledged(c.fd), 0)
	n, err = trySend(c.fd, b)
	c.queue.update(unacknowledged(c.fd), n)
	return n, err
}

// sendLocked writes all of b, as long as the peer accepts some bytes within the timeout.
func (c *Conn) sendLocked(b []byte) (n int, err error) {
	switch {
	case c.stopped.Load():
		return 0, c.closedErr()
	case len(b) == 0:
		return 0, nil
	}
	// The kernel takes a few bytes now and then even if the peer reads none. So what counts is
	// what the peer has acknowledged: the bytes that were written less those still queued.
	timeout := cmp.Or(c.within, c.timeout)
	interval := max(min(timeout/8, time.Second), time.Millisecond)
	progress := time.Now()
	acknowledged := -unacknowledged(c.fd)
	if c.unix {
		c.queue.update(-acknowledged, 0)
		defer func() { c.queue.update(unacknowledged(c.fd), n) }()
	}
	for {
		// The peer is slow only if a whole attempt has failed after the timeout: a paused process makes no attempts.
		last := time.Since(progress) >= timeout-interval
		c.nc.SetWriteDeadline(time.Now().Add(interval))
		if c.stopped.Load() { // this deadline may have replaced Stop's
			return n, c.closedErr()
		}
		var m int
		m, err = c.nc.Write(b[n:])
		n += m
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if now := n - unacknowledged(c.fd); now > acknowledged {
			acknowledged, progress = now, time.Now()
		} else if last {
			return n, hub.ErrSlow
		}
	}
	if err == nil {
		err = c.nc.SetWriteDeadline(time.Time{})
	}
	return n, err
}
