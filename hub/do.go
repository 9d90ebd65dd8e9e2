package hub

import (
	"time"

	"partyline/hub/clean"
	"partyline/hub/names"
	"partyline/hub/wire"
)

// do does what m asks for. A *Refusal is for m to read; any other error ends m.
func (m *member) do(q *wire.Request) error {
	if q.Verb == wire.VerbSay || q.Verb == wire.VerbMe {
		return m.say(q)
	}
	m.sweep() // what it said comes before what it asks for
	if m.spoke {
		if !m.awaitPlaces() {
			return ErrShutdown
		}
		m.spoke = false
	}
	switch q.Verb {
	case wire.VerbMsg:
		return m.pass(q)
	case wire.VerbNick:
		return m.rename(q)
	case wire.VerbJoin:
		return m.join(q)
	case wire.VerbFormat:
		return m.reformat(q)
	case wire.VerbHistory:
		return m.history(q)
	case wire.VerbSince:
		return m.since(q)
	case wire.VerbSearch:
		return m.search(q)
	case wire.VerbWho:
		m.tell(m.who(q))
	case wire.VerbRooms:
		m.tell(m.roomsAnswer(q))
	case wire.VerbVerbatim:
		m.verbatim = true
		m.tell(&wire.Answer{Lines: []string{"every line that follows is said as it is, commands too: end your input to leave"}})
	case wire.VerbHelp:
		m.tell(&wire.Answer{Lines: wire.HelpLines()})
	case wire.VerbQuit:
		m.word = q.Text
		m.acknowledge(q)
		return ErrQuit
	}
	return nil
}

// acknowledge answers a request that was done and that bears a ref.
func (m *member) acknowledge(q *wire.Request) {
	if q.Ref != "" {
		m.tell(&wire.Ack{Ref: q.Ref})
	}
}

func (m *member) pass(q *wire.Request) error {
	to, nick := m.hub.nicks.find(q.Name)
	if to == nil {
		return &wire.Refusal{Code: wire.CodeNoSuchNick, Message: "nobody here is called " + clean.Quote(q.Name, clean.QuoteMax)}
	}
	p := wire.Private{At: time.Now(), From: m.nick, To: nick, Text: q.Text}
	if !to.offer(m, &p) {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: nick + " is too far behind to get it: try again in a moment"}
	}
	p.Sent = true
	m.tell(&p)
	m.acknowledge(q)
	return nil
}

func (m *member) rename(q *wire.Request) error {
	nick, bad := nickName(q.Name)
	if bad != nil {
		return bad
	}
	if !m.room.rename(m, nick) {
		return taken(nick)
	}
	m.spoke = true // the room is told
	m.acknowledge(q)
	return nil
}

func (m *member) join(q *wire.Request) error {
	name, bad := roomName(q.Name)
	if bad != nil {
		return bad
	}
	r := m.room
	if name == r.name { // nobody comes or goes
		m.welcomeAgain(q)
		return nil
	}
	next, bad := m.hub.open(m, name)
	if bad != nil {
		return bad
	}
	m.hub.leave(m, "")
	r.settle(m, cursor{}, func() {})
	m.enter(next, q.Ref, -1, nil)
	return nil
}

// welcomeAgain tells m what it finds in the room that it is in, at the place in the stream
// that this holds for.
func (m *member) welcomeAgain(q *wire.Request) {
	r := m.room
	r.mu.Lock()
	m.mu.Lock()
	end := m.cur.stream.end()
	m.appendAt(end.place(), r.welcome(m, m.format, q.Ref))
	m.appendAt(end.place(), r.standing()...)
	m.mu.Unlock()
	r.mu.Unlock()
	m.flush()
	m.makePlace()
}

func (m *member) reformat(q *wire.Request) error {
	format := q.Format
	if m.codecs[format] == nil || m.codecs[m.format] == nil || m.codecs[1-m.format] == nil {
		return wire.BadRequest("the format stands: the connection's subprotocol chose it")
	}
	switch {
	case format != m.format:
		m.room.reformat(m, format, q.Ref)
		m.free()
		if c, ok := m.conn.(FormatSetter); ok {
			c.SetFormat(format)
		}
	case format == wire.JSON:
		m.welcomeAgain(q)
	}
	return nil
}

func (m *member) who(q *wire.Request) *wire.WhoAnswer {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return &wire.WhoAnswer{Ref: q.Ref, Occupants: r.occupants(m, occupantsListed), Count: r.countWith(m)}
}

// roomsAnswer lists as many rooms as an answer has place for. The list may be a little old,
// but not where m can see it: in its own room.
func (m *member) roomsAnswer(q *wire.Request) *wire.RoomsAnswer {
	const longest = len(`{"room":"","count":100000},`) + names.MaxRoom
	all := m.hub.roomCounts()
	rooms, total := withRoom(all, wire.RoomCount{Room: m.room.name, Count: m.room.count()}, wire.MaxAnswer/longest)
	return &wire.RoomsAnswer{Ref: q.Ref, Rooms: rooms, Others: total - len(rooms)}
}
