package hub

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"partyline/hub/names"
	"partyline/hub/wire"
)

// stay answers what m asks until it is off the line and nothing of it is left, and returns
// why it is off. While m says nothing, this is all that is on the stack.
func (m *member) stay() (why error) {
	defer m.end(&why)
	if wait := m.inherit(); wait > 0 {
		if why := m.pause(wait); why != nil {
			return why
		}
	}
	for first := true; ; {
		line, err := m.conn.ReadLine()
		wait, why := m.take(line, err, first)
		if why == nil && wait > 0 {
			why = m.pause(wait)
		}
		if why != nil {
			return why
		}
		first = first && errors.Is(err, ErrControl) // which is no line
	}
}

// end is deferred by stay.
func (m *member) end(why *error) {
	if p := recover(); p != nil {
		m.logPanic(p)
		*why = ErrFault
	}
	m.hangUp(*why)
	m.takeTurn() // somebody else may have ended it, or be at it
	*why = m.over
	m.endTurn()
	if m.allowance != nil {
		m.slot.LeaveAllowance(m.allowance)
	}
	m.hub.dismiss(m)
}

// follow ends m with a context. What it returns stops that.
func (m *member) follow(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { m.hangUp(ErrShutdown) })
}

// begin gives m its name and its room, and tells it what it asked for wrongly.
func (m *member) begin(who *Caller) {
	defer func() {
		if p := recover(); p != nil {
			m.logPanic(p)
			m.hangUp(ErrFault)
		}
	}()
	m.takeTurn()
	defer m.endTurn()
	if m.over != nil {
		return
	}
	var wrong []wire.Event
	if bad := m.takeName(who.Nick); bad != nil {
		wrong = append(wrong, bad)
	}
	r, bad := m.firstRoom(who.Room)
	if bad != nil {
		wrong = append(wrong, bad)
	}
	since := int64(-1)
	if who.Since != "" {
		if since = wire.ParseNumber(who.Since); since < 0 {
			wrong = append(wrong, wire.BadRequest("since is not an id"))
		}
	}
	m.quiet = who.Nick == "" && who.Room == "" && who.Since == ""
	m.enter(r, "", since, wrong)
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
func (m *member) enter(r *room, ref string, since int64, wrong []wire.Event) {
	welcome := m.hub.enter(m, r, ref, wrong)
	m.flush() // history may take its time
	var bad *wire.Refusal
	switch {
	case since >= 0:
		_, bad = m.retellSince(r, since, welcome.Last)
	case m.format == wire.Text && m.hub.replay > 0:
		_, bad = m.retellLast(r, welcome.Last, m.hub.replay)
	}
	if bad != nil {
		m.queue(bad)
	}
	m.free()
}

// take handles what ReadLine returned. It returns for how long m is not to be read then,
// and why it is to be ended, if it is.
func (m *member) take(line []byte, err error, first bool) (wait time.Duration, why error) {
	m.takeTurn()
	defer m.endTurn()
	if m.over != nil {
		return 0, m.over
	}
	m.makePlace()
	cost := wire.Plain
	var bad *wire.Refusal
	switch {
	case errors.Is(err, ErrControl):
	case errors.Is(err, ErrTooLong) || err == nil && len(line) > m.lineLimit():
		bad = wire.TooLong(m.lineLimit())
	case errors.As(err, &bad):
	case err != nil:
		return 0, err
	default:
		if cost, err = m.heed(line, first); !errors.As(err, &bad) && err != nil {
			return 0, err
		}
	}
	if bad != nil {
		m.sweep()
		m.tell(bad)
	}
	if m.isBroken() {
		asks := err == nil && bad == nil && cost != wire.Idle
		if cost, why = m.chargeGone(asks, cost); why != nil {
			return 0, why
		}
	}
	wait = m.keepPace(cost)
	if m.lines == nil || !m.lines.HasLine() {
		m.sweep()
	}
	return wait, nil
}

func (m *member) lineLimit() int {
	if m.format == wire.JSON {
		return wire.MaxMessage(m.hub.maxLine)
	}
	return m.hub.maxLine
}

// heed reads a line and does what it asks. It returns what that costs m.
func (m *member) heed(line []byte, first bool) (wire.Cost, error) {
	if first {
		line = bytes.TrimPrefix(line, []byte("\uFEFF"))
	}
	var q *wire.Request
	var bad *wire.Refusal
	if m.format == wire.JSON {
		q, bad = wire.ParseJSON(line, m.hub.maxLine)
	} else {
		q, bad = wire.ParseText(string(line), m.verbatim)
	}
	if bad != nil {
		return wire.Plain, bad
	}
	cost := q.Cost(m.format) // before the request changes the format
	if q == nil {
		return cost, nil
	}
	if m.quiet {
		m.quiet = false
		m.room.announce(m)
	}
	err := m.do(q)
	if errors.As(err, &bad) {
		bad.Ref, bad.Key = q.Ref, q.Key
		if cost == wire.Idle {
			cost = wire.Plain // it gets an answer
		}
	}
	return cost, err
}

// hangUp ends m for a reason, unless it is ended already. Any goroutine may call it.
func (m *member) hangUp(why error) {
	m.takeTurn()
	defer m.endTurn()
	if m.over != nil {
		return
	}
	m.over = why
	m.mu.Lock()
	m.ended = true
	if m.readOn != nil {
		m.readOn.Stop()
	}
	m.wake() // its session may pause
	m.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			m.logPanic(p)
		}
	}()
	m.depart(why)
}

// depart takes m out of its room, gives it what it is owed and a goodbye, and closes its
// connection.
func (m *member) depart(why error) {
	r := m.room // none where it came while the server ended
	if r == nil {
		m.hub.nicks.release(m)
	} else {
		m.hub.leave(m, m.word)
		r.settle(m, cursor{}, func() {})
		if last := m.lastWord(why); last != nil {
			m.queue(last)
		}
		m.drain()
	}
	m.mu.Lock()
	if m.broken == nil {
		m.give(why)
	}
	m.mu.Unlock()
	if err := m.conn.Close(why); err != nil {
		m.hub.log.Debug("closing a connection", "via", m.via, "addr", m.addr, "err", err)
	}
	m.waitUntil(func() bool { return !m.writing })
}

// cut ends m's connection at once.
func (m *member) cut(why error) {
	m.mu.Lock()
	m.give(why)
	m.mu.Unlock()
	m.conn.Close(why)
}

// lastWord returns what m is told before its connection is closed for a reason.
func (m *member) lastWord(why error) wire.Event {
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
