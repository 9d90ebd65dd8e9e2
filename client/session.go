package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// Delays between attempts to connect. They double, and a random part is taken off, so that the clients of
// a restarted server do not come at once.
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

// join opens a link, with the name and the room of the client. It returns the last welcome. A name that
// the server refuses is an error only if the client has not been in a room.
func (c *Client) join(ctx context.Context) (link, *object, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	l, w, err := c.connect(ctx, c.target)
	if err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	nick, room, again := c.wished, c.room, c.hadFirst
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, l.close)
	var bad *Error
	if _, byFrames := l.(*frameLink); byFrames {
		bad, err = refusedInURL(l, w, nick, room)
	} else if nick != "" || room != "" {
		w, bad, err = nameAndRoom(l, w, nick, room)
	}
	if bad != nil && !(again && bad.Code == "nick_taken") {
		err = &DialError{Address: c.target.String(), Refused: true, Err: bad}
	}
	if err == nil && !stop() {
		err = ctx.Err()
	}
	if err != nil {
		l.close()
		return nil, nil, err
	}
	return l, w, nil
}

// refusedInURL returns why the server refused the name or the room in the URL, or nil. It says so right
// after the welcome.
func refusedInURL(l link, w *object, nick, room string) (*Error, error) {
	refused := nick != "" && w.Nick != nick && strings.HasPrefix(w.Nick, "guest-") ||
		room != "" && w.Room == "lobby" && !strings.EqualFold(room, w.Room)
	for refused {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		o, err := decode(line)
		if err != nil {
			return nil, err
		}
		if o.Type == "error" {
			return o.refusal(), nil
		}
	}
	return nil, nil
}

// nameAndRoom asks for a name and a room, and returns the welcome to the room.
func nameAndRoom(l link, w *object, nick, room string) (*object, *Error, error) {
	const nickRef, roomRef = "nick", "room"
	var lines [][]byte
	if nick != "" {
		lines = append(lines, encode(map[string]string{"type": "nick", "nick": nick, "ref": nickRef}))
	}
	if room == "" {
		room = w.Room
	}
	lines = append(lines, encode(map[string]string{"type": "join", "room": room, "ref": roomRef}))
	if err := l.write(lines); err != nil {
		return nil, nil, err
	}
	var bad *Error
	for {
		line, err := l.read()
		if err != nil {
			return nil, nil, err
		}
		o, err := decode(line)
		switch {
		case err != nil:
			return nil, nil, err
		case o.Type == "error" && o.Ref == nickRef:
			bad = o.refusal()
		case o.Type == "error" && o.Ref == roomRef:
			return nil, o.refusal(), nil
		case o.Type == "welcome" && o.Ref == roomRef:
			return o, bad, nil
		}
	}
}

// run serves the first link and then others, until the client ends.
func (c *Client) run(ctx context.Context, l link, w *object) {
	defer close(c.ended)
	for attempt := 0; ; {
		start := time.Now()
		err := c.serve(ctx, l, w)
		if time.Since(start) > steady {
			attempt = 0
		}
		for {
			var bye *ByeError
			if ctx.Err() != nil || c.isLeaving() {
				c.end(ErrClosed)
				return
			} else if errors.As(err, &bye) {
				c.end(bye)
				return
			}
			delay := c.delayAfter(err, attempt)
			attempt++
			c.mu.Lock()
			c.deliverLocked(&Disconnected{Err: err, Retry: delay})
			c.mu.Unlock()
			select {
			case <-time.After(delay):
			case <-ctx.Done():
				continue
			}
			if l, w, err = c.join(ctx); err == nil {
				break
			}
		}
	}
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
	if errors.As(err, &r) && attempt == 0 {
		return r.after
	}
	delay := min(firstDelay<<min(attempt, 20), lastDelay)
	return delay/2 + rand.N(delay/2)
}

// isLeaving reports whether Close was called.
func (c *Client) isLeaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaving
}

// serve reads and writes until the link breaks, and returns why.
func (c *Client) serve(ctx context.Context, l link, w *object) error {
	stop := context.AfterFunc(ctx, l.close)
	defer stop()
	c.enter(w)
	ends := make(chan error, 2) // of the writer and of the reader: the first one is the cause
	done := make(chan struct{})
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		if err := c.writeLoop(l, done); err != nil {
			ends <- err
		}
		l.close()
	}()
	ends <- c.readLoop(l)
	close(done)
	l.close()
	<-writing
	c.unlink()
	return <-ends
}

// enter notes that the client is in a room, over a new link, and starts to catch up.
func (c *Client) enter(w *object) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linked = true
	from := c.last
	if !c.hadFirst {
		c.hadFirst = true
		switch from = c.opts.Since; from {
		case 0:
			from = w.Last
		case All:
			from = 0
		}
		if c.wished == "" {
			c.wished = w.Nick
		}
	}
	c.nick, c.room = w.Nick, w.Room
	c.deliverLocked(w.welcome())
	if from > w.Last { // the server does not know the id: its history was lost
		c.deliverLocked(&Gap{After: from, Missed: -1, Lost: true})
		from = 0
	}
	c.last = from
	if from < w.Last {
		c.catchUp = &catchUp{upTo: w.Last, held: queue{last: w.Last}}
		c.askSinceLocked()
	}
	if c.nick != c.wished {
		c.reclaimLocked(c.wished)
	}
}

// reclaimInterval is how often a client asks for its name that another member has: usually its own
// connection of before, which the server does not know to be broken.
const reclaimInterval = 5 * time.Second

// reclaimLocked asks for a name until the client has it, or the link breaks.
func (c *Client) reclaimLocked(nick string) {
	name := c.outbox.name()
	c.outbox.addUrgent(&request{
		name: name,
		line: encode(map[string]string{"type": "nick", "nick": nick, "ref": name}),
		done: func(_ *object, err error) {
			var bad *Error
			if !errors.As(err, &bad) || bad.Code != "nick_taken" {
				return
			}
			time.AfterFunc(cmp.Or(c.opts.delay, reclaimInterval), func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.err == nil && c.wished == nick && c.nick != nick && c.linked {
					c.reclaimLocked(nick)
				}
			})
		},
	})
	c.wakeWriter()
}

// readLoop reads events until the link breaks.
func (c *Client) readLoop(l link) error {
	for {
		line, err := l.read()
		if err != nil {
			return shortenRead(err)
		}
		if len(line) == 0 {
			continue
		}
		o, err := decode(line)
		if err != nil {
			return fmt.Errorf("the server sent a line that is not JSON: %w", err)
		}
		if err := c.receive(o); err != nil {
			return err
		}
	}
}

func shortenRead(err error) error {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errEOF
	case errors.As(err, &timeout) && timeout.Timeout():
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

// writeLoop sends what the outbox has, until done is closed. It returns nil, or why it ended before.
func (c *Client) writeLoop(l link, done <-chan struct{}) error {
	clock := time.NewTicker(clockInterval)
	defer clock.Stop()
	last := time.Now()
	var lines [][]byte
	for {
		c.mu.Lock()
		lines = c.outbox.next(lines[:0], bufSize)
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
		}
	}
}

// unlink fails the requests that must not be sent again, and prepares for another link.
func (c *Client) unlink() {
	c.mu.Lock()
	c.linked = false
	failed := c.outbox.unlink()
	c.stopCatchUpLocked()
	c.mu.Unlock()
	for _, r := range failed {
		r.done(nil, ErrInterrupted)
	}
}

// end ends the client.
func (c *Client) end(why error) {
	c.mu.Lock()
	c.err = why
	unanswered := c.outbox.drain()
	c.changed.Broadcast()
	c.mu.Unlock()
	for _, r := range unanswered {
		r.done(nil, why)
	}
}

// Close leaves the room, closes the connection, and waits until nothing of the client runs any more.
// What the server has not acknowledged fails with ErrClosed; Flush waits for that. Next still returns the
// events that have arrived.
func (c *Client) Close() error {
	const patience = time.Second // for the server's goodbye
	c.mu.Lock()
	c.leaving = true
	if c.linked && c.err == nil {
		c.outbox.addUrgent(&request{name: c.outbox.name(), line: encode(map[string]string{"type": "quit"}), done: func(*object, error) {}})
		c.wakeWriter()
		timer := time.AfterFunc(patience, c.cancel)
		defer timer.Stop()
	} else {
		c.cancel()
	}
	c.changed.Broadcast()
	c.mu.Unlock()
	<-c.ended
	c.cancel()
	return nil
}
