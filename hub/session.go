package hub

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/admission"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// A session reads what its member asks for, one line at a time, and does it. It ends the
// member. Serve's goroutine runs it; what other goroutines may use as well says so.
type session struct {
	member // one allocation

	lines     LineBuffer           // nil if the Conn can't say whether a line has come
	silent    bool                 // it has asked for nothing
	verbatim  bool                 // lines of text are said as they are
	awaitsOwn bool                 // the room has something of it that it may not have heard yet
	slowed    bool                 // it has the notice that it is read more slowly
	idleLines int                  // lines and frames in a row that asked for nothing, while nothing can be written
	allowance *admission.Allowance // nil until it says something
	newRooms  *rate.Limiter        // nil until its first room, or if its address has one

	// Guarded by the outbox's mu; any goroutine.
	turn   bool        // a line is handled, or the member is ended; see takeTurn
	ended  bool        // nothing more is read
	readOn *time.Timer // ends the member if its input is read for too long after a failed write; else nil

	// Guarded by the turn.
	endErr    error  // why the member ended; nil before
	leaveText string // its parting word
}

func newSession(h *Hub, who *Caller, c Conn) *session {
	s := &session{member: member{hub: h, conn: c, via: who.Via, addr: who.Addr, slot: who.Slot}}
	s.session = s
	s.out.member = &s.member
	s.out.format, s.out.codecs = who.Format, who.Codecs
	s.out.try, _ = c.(TryWriter)
	s.lines, _ = c.(LineBuffer)
	return s
}

// stay answers what m asks until it is off the line and nothing of it is left, and returns
// why it is off. While m says nothing, this is all that is on the stack.
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
		first = first && errors.Is(err, ErrControl) // which is no line
	}
}

// end is deferred by stay.
func (s *session) finish(why *error) {
	if p := recover(); p != nil {
		s.logPanic(p)
		*why = ErrFault
	}
	s.end(*why)
	s.takeTurn() // somebody else may have ended it, or be at it
	*why = s.endErr
	s.endTurn()
	if s.allowance != nil {
		s.slot.LeaveAllowance(s.allowance)
	}
	s.hub.remove(&s.member)
}

// follow ends m with a context. What it returns stops that.
func (s *session) endWith(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { s.end(ErrShutdown) })
}

// begin gives m its name and its room, and tells it what it asked for wrongly.
func (s *session) start(who *Caller) {
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(p)
			s.end(ErrFault)
		}
	}()
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return
	}
	var wrong []wire.Event
	if bad := s.takeName(who.Nick); bad != nil {
		wrong = append(wrong, bad)
	}
	r, bad := s.firstRoom(who.Room)
	if bad != nil {
		wrong = append(wrong, bad)
	}
	since := int64(-1)
	if who.Since != "" {
		if since = wire.ParseNumber(who.Since); since < 0 {
			wrong = append(wrong, wire.BadRequest("since is not an id"))
		}
	}
	s.silent = who.Nick == "" && who.Room == "" && who.Since == ""
	s.enter(r, "", since, wrong)
}

// firstRoom opens the room that a newcomer wishes for, or the lobby.
func (m *member) firstRoom(wish string) (*room, *wire.Refusal) {
	if wish == "" {
		return m.hub.open(m, lobby)
	}
	r, bad := m.openRoom(wish)
	if bad != nil {
		r, _ = m.hub.open(m, lobby) // which may always be made
	}
	return r, bad
}

// openRoom opens the room with a name that m asks for.
func (m *member) openRoom(wish string) (*room, *wire.Refusal) {
	name, bad := roomName(wish)
	if bad != nil {
		return nil, bad
	}
	return m.hub.open(m, name)
}

// takeName gives m the name that it wishes for, or a guest's.
func (m *member) takeName(wish string) *wire.Refusal {
	var bad *wire.Refusal
	if wish != "" {
		var nick string
		if nick, bad = nickName(wish); bad == nil {
			if m.hub.nicks.take(m, nick, names.Skeletons(nick)) {
				return nil
			}
			bad = taken(nick)
		}
	}
	for {
		if nick := names.Guest(); m.hub.nicks.take(m, nick, names.Skeletons(nick)) {
			return bad
		}
	}
}

func taken(nick string) *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeNickTaken, Message: nick + " is taken"}
}

// enter puts m into a room: the welcome, what it did wrong on the way, the replay, and
// then what is said from now on.
func (s *session) enter(r *room, ref string, since int64, wrong []wire.Event) {
	welcome := s.hub.enter(&s.member, r, ref, wrong)
	s.out.flush() // history may take its time
	var bad *wire.Refusal
	switch {
	case since >= 0:
		_, bad = s.replaySince(r, since, welcome.Last)
	case s.out.format == wire.Text && s.hub.replay > 0:
		_, bad = s.replayLast(r, welcome.Last, s.hub.replay)
	}
	if bad != nil {
		s.out.enqueue(bad)
	}
	s.out.free()
}

// take handles what ReadLine returned. It returns for how long m is not to be read then,
// and why it is to be ended, if it is.
func (s *session) handle(line []byte, err error, first bool) (wait time.Duration, why error) {
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return 0, s.endErr
	}
	s.awaitQueue()
	cost := wire.Plain
	var bad *wire.Refusal
	switch {
	case errors.Is(err, ErrControl):
	case errors.Is(err, ErrTooLong) || err == nil && len(line) > s.lineLimit():
		bad = wire.TooLong(s.lineLimit())
	case errors.As(err, &bad):
	case err != nil:
		return 0, err
	default:
		if cost, err = s.handleLine(line, first); !errors.As(err, &bad) && err != nil {
			return 0, err
		}
	}
	if bad != nil {
		s.sweep()
		s.reply(bad)
	}
	if s.out.failed() {
		asks := err == nil && bad == nil && cost != wire.Idle
		if cost, why = s.chargeDisconnected(asks, cost); why != nil {
			return 0, why
		}
	}
	wait = s.charge(cost)
	if s.lines == nil || !s.lines.HasLine() {
		s.sweep()
	}
	return wait, nil
}

func (s *session) lineLimit() int {
	if s.out.format == wire.JSON {
		return wire.MaxMessage(s.hub.maxLine)
	}
	return s.hub.maxLine
}

// heed reads a line and does what it asks. It returns what that costs m.
func (s *session) handleLine(line []byte, first bool) (wire.Cost, error) {
	if first {
		line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	}
	var q *wire.Request
	var bad *wire.Refusal
	if s.out.format == wire.JSON {
		q, bad = wire.ParseJSON(line, s.hub.maxLine)
	} else {
		q, bad = wire.ParseText(string(line), s.verbatim)
	}
	if bad != nil {
		return wire.Plain, bad
	}
	cost := q.Cost(s.out.format) // before the request changes the format
	if q == nil {
		return cost, nil
	}
	if s.silent {
		s.silent = false
		s.room.announce(&s.member)
	}
	err := s.dispatch(q)
	if errors.As(err, &bad) {
		bad.Ref, bad.Key = q.Ref, q.Key
		if cost == wire.Idle {
			cost = wire.Plain // it gets an answer
		}
	}
	return cost, err
}

// hangUp ends m for a reason, unless it is ended already. Any goroutine may call it.
func (s *session) end(why error) {
	s.takeTurn()
	defer s.endTurn()
	if s.endErr != nil {
		return
	}
	s.endErr = why
	s.out.mu.Lock()
	s.ended = true
	if s.readOn != nil {
		s.readOn.Stop()
	}
	s.out.wakeLocked() // its session may pause
	s.out.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(p)
		}
	}()
	s.leave(why)
}

// depart takes m out of its room, gives it what it is owed and a goodbye, and closes its
// connection.
func (s *session) leave(why error) {
	r := s.room // none where it came while the server ended
	if r == nil {
		s.hub.nicks.release(&s.member)
	} else {
		s.hub.leave(&s.member, s.leaveText)
		r.finishParting(&s.member, cursor{}, func() {})
		if last := s.goodbye(why); last != nil {
			s.out.enqueue(last)
		}
		s.out.drain()
	}
	s.out.mu.Lock()
	if s.out.writeErr == nil {
		s.out.discardLocked(why)
	}
	s.out.mu.Unlock()
	if err := s.conn.Close(why); err != nil {
		s.hub.log.Debug("closing a connection", "via", s.via, "addr", s.addr, "err", err)
	}
	s.out.waitUntil(func() bool { return !s.out.writing })
}

// cut ends m's connection at once.
func (o *outbox) cut(why error) {
	o.mu.Lock()
	o.discardLocked(why)
	o.mu.Unlock()
	o.member.conn.Close(why)
}

// lastWord returns what m is told before its connection is closed for a reason.
func (s *session) goodbye(why error) wire.Event {
	switch {
	case errors.Is(why, ErrQuit):
		return &wire.Bye{Reason: "quit", Text: "you left"}
	case errors.Is(why, ErrShutdown):
		return &wire.Bye{
			Reason: "shutdown", Text: "the server is restarting, come back in a moment",
			Reconnect: true, AfterMS: 500 + rand.Int64N(2000),
		}
	case errors.Is(why, ErrFault):
		return &wire.Bye{Reason: "fault", Text: "the server made a mistake", Reconnect: true, AfterMS: 1000}
	}
	return nil
}
