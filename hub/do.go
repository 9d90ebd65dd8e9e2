package hub

import (
	"time"
)

// do does what m asks for. A *Refusal is for m to read; any other error ends m.
func (m *member) do(q *request) error {
	if q.verb == verbSay || q.verb == verbMe {
		return m.say(q)
	}
	m.sweep() // what it said comes before what it asks for
	if m.spoke {
		if !m.awaitPlaces() {
			return ErrShutdown
		}
		m.spoke = false
	}
	switch q.verb {
	case verbMsg:
		return m.pass(q)
	case verbNick:
		return m.rename(q)
	case verbJoin:
		return m.join(q)
	case verbFormat:
		return m.reformat(q)
	case verbHistory:
		return m.history(q)
	case verbSince:
		return m.since(q)
	case verbSearch:
		return m.search(q)
	case verbWho:
		m.tell(m.who(q))
	case verbRooms:
		m.tell(m.roomsAnswer(q))
	case verbVerbatim:
		m.verbatim = true
		m.tell(&Answer{Lines: []string{"every line that follows is said as it is, commands too: end your input to leave"}})
	case verbHelp:
		m.tell(&Answer{Lines: helpLines()})
	case verbQuit:
		m.word = q.text
		m.acknowledge(q)
		return ErrQuit
	}
	return nil
}

// acknowledge answers a request that was done and that bears a ref.
func (m *member) acknowledge(q *request) {
	if q.ref != "" {
		m.tell(&Ack{Ref: q.ref})
	}
}

func (m *member) pass(q *request) error {
	to, nick := m.hub.nicks.find(q.name)
	if to == nil {
		return &Refusal{Code: CodeNoSuchNick, Message: "nobody here is called " + Quote(q.name, mostQuoted)}
	}
	p := Private{At: time.Now(), From: m.nick, To: nick, Text: q.text}
	if !to.offer(m, &p) {
		return &Refusal{Code: CodeUnavailable, Message: nick + " is too far behind to get it: try again in a moment"}
	}
	p.Sent = true
	m.tell(&p)
	m.acknowledge(q)
	return nil
}

func (m *member) rename(q *request) error {
	nick, bad := prepareNick(q.name)
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

func (m *member) join(q *request) error {
	name, bad := prepareRoom(q.name)
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
	m.enter(next, q.ref, -1, nil)
	return nil
}

// welcomeAgain tells m what it finds in the room that it is in, at the place in the stream
// that this holds for.
func (m *member) welcomeAgain(q *request) {
	r := m.room
	r.mu.Lock()
	m.mu.Lock()
	end := m.cur.stream.end()
	m.appendAt(end.place(), r.welcome(m, m.format, q.ref))
	m.appendAt(end.place(), r.standing()...)
	m.mu.Unlock()
	r.mu.Unlock()
	m.flush()
	m.makePlace()
}

func (m *member) reformat(q *request) error {
	format := Text
	if q.name == "json" {
		format = JSON
	}
	if m.codecs[format] == nil || m.codecs[m.format] == nil || m.codecs[1-m.format] == nil {
		return badRequest("the format stands: the connection's subprotocol chose it")
	}
	switch {
	case format != m.format:
		m.room.reformat(m, format, q.ref)
		m.free()
		if c, ok := m.conn.(FormatSetter); ok {
			c.SetFormat(format)
		}
	case format == JSON:
		m.welcomeAgain(q)
	}
	return nil
}

func (m *member) who(q *request) *WhoAnswer {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return &WhoAnswer{Ref: q.ref, Occupants: r.occupants(m, occupantsListed), Count: r.countWith(m)}
}

// roomsAnswer lists as many rooms as an answer has place for. The list may be a little old,
// but not where m can see it: in its own room.
func (m *member) roomsAnswer(q *request) *RoomsAnswer {
	const longest = len(`{"room":"","count":100000},`) + maxRoom
	all := m.hub.roomCounts()
	rooms, total := withRoom(all, RoomCount{m.room.name, m.room.count()}, maxAnswer/longest)
	return &RoomsAnswer{Ref: q.ref, Rooms: rooms, Others: total - len(rooms)}
}
