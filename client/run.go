package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Delays between attempts to connect: see backoff. The clients of a restarted server do not come at once.
const (
	firstDelay = 500 * time.Millisecond
	lastDelay  = 30 * time.Second
	// steady is how long a link must last for the next delay to be short again.
	steady = 10 * time.Second
)

var (
	errDead      = errors.New("nothing arrived for too long")
	errSuspended = errors.New("this machine was suspended")
	errEOF       = errors.New("the server closed the connection")
)

// run serves the first link and then others, until the client ends.
func (c *Client) run(ctx context.Context, a *arrival) {
	defer close(c.ended)
	for attempt := 0; ; {
		start := time.Now()
		err := c.serve(ctx, a)
		last := a
		if !errors.Is(err, errDead) && !errors.Is(err, errSuspended) {
			last.close()
		}
		var r *restart
		switch {
		case time.Since(start) > steady:
			attempt = 0
		case errors.As(err, &r): // the server works, and restarts often
			attempt = min(attempt, 1)
		}
		for {
			if why := c.finalError(ctx, err); why != nil {
				last.close()
				c.end(why)
				return
			}
			delay := c.delayAfter(err, attempt)
			attempt++
			c.mu.Lock()
			c.deliverLocked(&Disconnected{Err: cleaned(err), Retry: delay})
			c.mu.Unlock()
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				continue
			}
			if a, err = c.dialer.join(ctx, c.target, c.entry()); err == nil {
				break
			}
		}
		// A dead link is closed now: if the network comes back, a reset would tell the server that the member has left
		// before the new link resumes.
		last.close()
	}
}

// finalError returns why the client ends after an error of a link, or nil if it connects again.
func (c *Client) finalError(ctx context.Context, err error) error {
	var bye *ByeError
	switch {
	case ctx.Err() != nil || c.isLeaving():
		return ErrClosed
	case errors.As(err, &bye):
		return bye
	}
	return nil
}

// A restart is the error of a link that the server ended, with the time after which to come back.
type restart struct {
	reason string
	after  time.Duration
}

func (e *restart) Error() string { return "the server ended the connection: " + e.reason }

// delayAfter returns how long to wait before the next attempt.
func (c *Client) delayAfter(err error, attempt int) time.Duration {
	if c.opts.delay > 0 {
		return c.opts.delay
	}
	var r *restart
	var held *Error
	switch {
	case errors.As(err, &r) && attempt > 0: // such a server can't make the client connect all the time
		return max(r.after, firstDelay)
	case errors.As(err, &r):
		return r.after
	case errors.As(err, &held) && attempt == 0: // the link works; the message has its own delay
		return 0
	}
	return backoff(attempt, lastDelay)
}

// serve reads and writes until the link breaks, and returns why. It does not close the link.
func (c *Client) serve(ctx context.Context, a *arrival) error {
	stop := context.AfterFunc(ctx, a.close)
	defer stop()
	c.enter(a.welcome)
	ends := make(chan error, 2) // of the writer and of the reader: the first one is the cause
	done := make(chan struct{})
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		if err := c.writeLoop(a.link, done); err != nil {
			ends <- err
		}
		a.interrupt()
	}()
	ends <- c.readLoop(a)
	close(done)
	a.interrupt()
	<-writing
	c.unlink()
	return <-ends
}

// maxRead is how many lines are handled together, if they have arrived together.
const maxRead = 64

// readLoop reads events until the link breaks.
func (c *Client) readLoop(a *arrival) error {
	if err := c.receive(a.early); err != nil {
		return err
	}
	a.early = nil
	objects := make([]object, 0, maxRead)
	for {
		line, err := a.read()
		if err != nil {
			err = shortenRead(err)
		} else if len(line) > 0 {
			n := len(objects)
			objects = objects[:n+1] // in place: an object is large
			if err = objects[n].decode(line); err != nil {
				err = fmt.Errorf("the server sent a line that is not JSON: %w", err)
				objects = objects[:n]
			}
		}
		if err == nil && len(objects) < maxRead && a.ready() {
			continue
		}
		if ended := c.receive(objects); ended != nil {
			return ended
		}
		if err != nil {
			return err
		}
		objects = objects[:0]
	}
}

// shortenRead returns the cause of an error of a link, for people.
func shortenRead(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errDead
	}
	return shorten(err)
}

// clockInterval is how often the clocks are compared: while a machine is suspended, the monotonic clock
// may stand still.
const (
	clockInterval = 5 * time.Second
	clockSkew     = 20 * time.Second
)

// writeLoop sends what the outbox has, and probes, until done is closed. It returns nil, or why it ended
// before.
func (c *Client) writeLoop(l link, done <-chan struct{}) error {
	clock := time.NewTicker(clockInterval)
	defer clock.Stop()
	last := time.Now()
	var lines [][]byte
	for {
		c.mu.Lock()
		var first *request
		lines, first = c.outbox.next(lines[:0], bufSize)
		c.pulse.start(first)
		c.mu.Unlock()
		if err := l.write(lines); err != nil {
			return shortenRead(err)
		}
		if len(lines) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-done:
			return nil
		case now := <-clock.C:
			if now.Round(0).Sub(last.Round(0))-now.Sub(last) > clockSkew {
				return errSuspended
			}
			last = now
			if err := c.tick(l.arrivals()); err != nil {
				return err
			}
		}
	}
}
