package hub

import (
	"bytes"
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A session reads the requests of its member, one line at a time, and performs them. After start
// it runs in the goroutine that calls Serve. Only that goroutine calls its methods, unless they
// say otherwise.
type session struct {
	member // embedded, so that both are one allocation

	lines     LineBuffer           // nil if the Conn is no LineBuffer
	silent    bool                 // the member has asked for nothing yet
	begun     bool                 // it has sent a request other than for a format
	verbatim  bool                 // no line of text is a command
	mustAwait bool                 // the next request other than a message waits for commits
	slowed    bool                 // the member has got the notice that it is read more slowly
	idleLines int                  // consecutive; see chargeDisconnected
	allowance *admission.Allowance // nil until the first line
	newRooms  *rate.Limiter        // nil until the first new room, or if the address has one

	// Guarded by out.mu, for any goroutine.
	turn        bool        // a goroutine has the turn; see takeTurn
	ended       bool        // nothing more is read
	hangUpTimer *time.Timer // bounds the reading after a failed write; nil before

	// Guarded by the turn, for any goroutine.
	endErr    error  // why the member ended; nil before
	leaveText string // the argument of /quit
}

func newSession(h *Hub, caller *Caller, c Conn) *session {
	s := &session{member: member{hub: h, conn: c, via: caller.Via, addr: caller.Addr, slot: caller.Slot}}
	s.session = s
	s.activity.at.Store(int64(h.uptime()))
	s.out.member = &s.member
	s.out.format, s.out.codecs = caller.Format, caller.Codecs
	s.out.try, _ = c.(TryWriter)
	s.lines, _ = c.(LineBuffer)
	return s
}

// readLoop handles lines until the member ends, removes the member from the hub, and returns why
// it ended. It keeps the stack small, because an idle member waits in it.
func (s *session) readLoop() (why error) {
	defer s.finish(&why)
	if wait := s.inheritAllowance(); wait > 0 {
		if why := s.pause(wait); why != nil {
			return why
		}
	}
	for first := true; ; {
		line, err := s.conn.ReadLine()
		wait, why := s.handle(line, err, first)
		if why == nil && wait > 0 {
			why = s.pause(wait)
		}
		if why != nil {
			return why
		}
		first = first && errors.Is(err, ErrControl) // a control frame is no line
	}
}

// finish ends the member if it has not ended, and removes it from the hub.
func (s *session) finish(why *error) {
	if p := recover(); p != nil {
		s.logPanic(p)
		*why = ErrFault
	}
	s.end(*why)
	s.takeTurn() // another goroutine may be ending the member
	*why = s.endErr
	s.endTurn()
	if s.allowance != nil {
		s.slot.PutAllowance(s.allowance)
	}
	s.hub.remove(s)
}

// readUntil is readLoop, but the member ends when ctx is done.
func (s *session) readUntil(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.end(ErrShutdown) })()
	return s.readLoop()
}

// takeTurn waits until no other goroutine has the turn, and takes it. The goroutine with the turn
// handles a line, or ends the member. The turn is not a mutex, because its holder may wait for
// other members and for the journal. Any goroutine may call takeTurn.
func (s *session) takeTurn() {
	s.out.waitUntil(func() bool {
		taken := s.turn
		s.turn = true
		return !taken
	})
}

// endTurn gives up the turn. The goroutine that took it calls endTurn.
func (s *session) endTurn() {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	s.turn = false
	s.out.wakeLocked()
}

// handle handles the result of ReadLine. It returns how long to wait before the next ReadLine, and
// why the member ends, or nil.
func (s *session) handle(line []byte, err error, first bool) (wait time.Duration, why error) {
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return 0, s.endErr
	}
	s.awaitQueue()
	cost, lines := wire.Plain, 1
	var bad *wire.Refusal
	switch {
	case errors.Is(err, ErrControl):
	case errors.Is(err, ErrTooLong) || err == nil && len(line) > s.maxLine():
		bad = wire.TooLong(s.maxLine())
	case errors.As(err, &bad):
	case err != nil:
		return 0, err
	default:
		if cost, lines, err = s.handleLine(line, first); !errors.As(err, &bad) && err != nil {
			return 0, err
		}
	}
	if bad != nil {
		s.activity.begin()
		s.hub.opt.Meter.Refused(bad.Code)
		s.sweep()
		s.reply(bad)
	}
	if s.out.failed() {
		idle := err != nil || bad != nil || cost == wire.Idle
		if cost, why = s.chargeDisconnected(cost, idle); why != nil {
			return 0, why
		}
	}
	wait = s.charge(cost, lines)
	if s.lines == nil || !s.lines.HasLine() {
		s.sweep()
	}
	return wait, nil
}

// maxLine returns the longest line that the member may send, in bytes.
func (s *session) maxLine() int {
	if s.out.format == wire.JSON {
		return wire.MaxMessage(s.hub.opt.MaxLine)
	}
	return s.hub.opt.MaxLine
}

// handleLine parses a line and performs the request. It returns the cost of the line, and how many
// lines it counts as. The error is a *wire.Refusal, or ends the member.
func (s *session) handleLine(line []byte, first bool) (cost wire.Cost, lines int, err error) {
	if first {
		line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	}
	var q *wire.Request
	var bad *wire.Refusal
	if s.out.format == wire.JSON {
		q, bad = wire.ParseJSON(line, s.hub.opt.MaxLine)
	} else {
		q, bad = wire.ParseText(string(line), s.verbatim)
	}
	if bad != nil {
		return wire.Plain, 1, bad
	}
	cost, lines = q.Cost(s.out.format), q.Lines() // before the request changes the format
	if q == nil {
		return cost, lines, nil
	}
	if q.Verb != wire.VerbResume { // a client resumes by itself
		s.activity.begin()
	}
	if q.Verb != wire.VerbFormat && q.Verb != wire.VerbResume {
		s.begun = true
		if s.silent {
			s.silent = false
			s.room.presence.announce(&s.member)
		}
	}
	err = s.dispatch(q)
	if errors.As(err, &bad) {
		bad.Ref, bad.Key = q.Ref, q.Key
		if cost == wire.Idle {
			cost = wire.Plain // it gets an answer
		}
	}
	return cost, lines, err
}

// reply sends the answer to a request. The answer comes after the earlier events of the room, if
// the connection accepts those at once. reply waits while the queue is full.
func (s *session) reply(events ...wire.Event) {
	s.out.flush()
	s.out.answer(events...)
	s.out.flush()
	s.awaitQueue()
}

// awaitQueue waits while the queue of the outbox is full.
func (s *session) awaitQueue() {
	if s.out.isFull() {
		s.sweep()
		s.out.flush()
		s.out.waitUntil(func() bool { return s.out.queue.size() < maxQueue })
	}
}
