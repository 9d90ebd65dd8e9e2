package client

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"partyline/hub/wire"
)

// A session is the state of a Client, which its goroutines and its callers share.
type session struct {
	opts     Options
	identity *identity
	wake     chan struct{} // for the writer; has room for one element

	mu       sync.Mutex
	changed  sync.Cond // of mu: anything below has changed
	nick     string    // the present name
	room     string
	last     int64 // the newest id received in the room
	catchUp  *catchUp
	events   queue
	answers  []answered // the memory of the last ones
	outbox   outbox
	pulse    pulse
	waiting  int   // calls that wait for an answer, or for room in the outbox
	passing  bool  // answers are being passed on
	linked   bool  // there is a link
	full     bool  // the reader waits until there is room for an event
	leaving  bool  // Close was called
	err      error // why the client ended; nil before
	hadFirst bool  // the client has been in a room

	reclaim *time.Timer // asks for the client's name again, over this link; nil if it is not taken
}

// entry returns what the client asks for when it connects.
func (s *session) entry() entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return entry{s.identity, s.room, s.hadFirst}
}

// enter notes that the client is in a room, over a new link, and starts to catch up.
func (s *session) enter(w *object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.linked = true
	s.outbox.limits = w.Server.limits
	s.changed.Broadcast()
	from := s.last
	if !s.hadFirst {
		s.hadFirst = true
		switch from = s.opts.Since; from {
		case 0:
			from = w.Last
		case All:
			from = 0
		}
	}
	s.nick, s.room = w.Nick, w.Room
	s.identity.enter(s, s.room)
	s.deliverLocked(w.welcome())
	if from > w.Last { // the server does not know the id: its history was lost
		s.deliverLocked(&Gap{After: from, Missed: -1, Lost: true})
		from = 0
	}
	s.last = from
	if from < w.Last {
		s.catchUp = &catchUp{upTo: w.Last, held: queue{last: w.Last}}
		s.askSinceLocked()
	}
	if wished := s.identity.name(); s.nick != wished {
		s.reclaimLocked(wished)
	}
}

// reclaimInterval is how often a client asks for its name that another member has: the name was free for a
// while, or the server does not know the client's token, and has its connection of before.
const reclaimInterval = 5 * time.Second

// reclaimLocked asks for a name until the client has it, or the link breaks.
func (s *session) reclaimLocked(nick string) {
	s.urgeLocked(func(ref string) any {
		return map[string]string{"type": "nick", "nick": nick, "ref": ref}
	}, func(_ *object, err error) {
		var bad *Error
		if errors.As(err, &bad) && bad.Code == wire.CodeNickTaken {
			s.reclaimLater(nick)
		}
	})
}

// reclaimLater calls reclaimLocked after a time, unless the link breaks or the client has got a name that it wants.
func (s *session) reclaimLater(nick string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.linked {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(cmp.Or(s.opts.delay, reclaimInterval), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.reclaim == timer && s.identity.name() == nick && s.nick != nick {
			s.reclaimLocked(nick)
		}
	})
	s.reclaim = timer
}

// unlink fails the requests that must not be sent again, and prepares for another link.
func (s *session) unlink() {
	s.mu.Lock()
	s.linked = false
	if s.reclaim != nil {
		s.reclaim.Stop()
		s.reclaim = nil
	}
	failed := s.outbox.unlink()
	s.pulse.unlink()
	s.stopCatchUpLocked()
	s.mu.Unlock()
	for _, r := range failed {
		r.fail(ErrInterrupted)
	}
}

// end ends the client.
func (s *session) end(why error) {
	s.mu.Lock()
	s.err = why
	s.identity.leave(s)
	unanswered := s.outbox.drain()
	s.changed.Broadcast()
	s.mu.Unlock()
	for _, r := range unanswered {
		r.fail(why)
	}
}

// isLeaving reports whether Close was called.
func (s *session) isLeaving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaving
}

// leave makes the client end. It reports whether it will when the server says goodbye.
func (s *session) leave(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaving = true
	s.changed.Broadcast()
	if !s.linked || s.err != nil {
		return false
	}
	s.urgeLocked(func(string) any {
		return map[string]string{"type": "quit", "text": text} // the answer is a bye
	}, func(*object, error) {})
	return true
}

// urgeLocked makes a request that is sent before all others, over the present link only. done is called as that
// of a request.
func (s *session) urgeLocked(encodeWith func(ref string) any, done func(*object, error)) *request {
	name := s.outbox.urgentName()
	r := &request{name: name, line: encode(encodeWith(name)), done: done}
	s.outbox.addUrgent(r)
	s.wakeWriter()
	return r
}

// start adds the request that build returns to the outbox, when it has room.
func (s *session) start(ctx context.Context, build func(*outbox) *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.awaitAnswerLocked(ctx, func() bool { return s.outbox.len() < MaxPending || s.err != nil || s.leaving })
	if err != nil {
		return err
	}
	if s.err != nil {
		return s.err
	}
	if s.leaving {
		return ErrClosed
	}
	s.outbox.add(build(&s.outbox))
	s.wakeWriter()
	return nil
}

// waitLocked waits until ready returns true, or returns ctx's error.
func (s *session) waitLocked(ctx context.Context, ready func() bool) error {
	if ready() {
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changed.Broadcast()
	})
	defer stop()
	for !ready() {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.changed.Wait()
	}
	return nil
}

// awaitAnswerLocked is waitLocked for a condition that an answer of the server makes true. A full queue does
// not keep the client from reading while it waits.
func (s *session) awaitAnswerLocked(ctx context.Context, ready func() bool) error {
	if ready() {
		return nil
	}
	s.waiting++
	defer func() { s.waiting-- }()
	s.changed.Broadcast()
	return s.waitLocked(ctx, ready)
}

// wakeWriter makes the writer look for something to send.
func (s *session) wakeWriter() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
