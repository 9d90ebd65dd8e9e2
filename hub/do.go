package hub

import (
	"fmt"
	"time"
)

// do does what m asks for. A *Refusal is for m to read; any other error ends m.
func (m *member) do(q *request) error {
	if q.verb == verbSay || q.verb == verbMe {
		return m.say(q)
	}
	m.sweep() // what it said comes before what it asks for
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
		m.history(q)
	case verbSince:
		m.since(q)
	case verbWho:
		m.tell(m.who(q))
	case verbRooms:
		m.tell(m.roomsAnswer(q))
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
	p := Private{At: time.Now(), From: m.nick, To: q.name, Text: q.text}
	to, delivered := m.hub.pass(p)
	switch {
	case to == "":
		return &Refusal{Code: CodeNoSuchNick, Message: "nobody here is called " + Quote(q.name, mostQuoted)}
	case !delivered:
		return &Refusal{Code: CodeUnavailable, Message: to + " is too far behind to get it: try again in a moment"}
	}
	p.To, p.Sent = to, true
	m.tell(&p)
	m.acknowledge(q)
	return nil
}

func (m *member) rename(q *request) error {
	nick, bad := prepareNick(q.name)
	if bad != nil {
		return bad
	}
	if !m.hub.rename(m, nick) {
		return taken(nick)
	}
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
		r.resume(m, m.format, q.ref)
		m.release()
		return nil
	}
	next, bad := m.hub.open(m, name)
	if bad != nil {
		return bad
	}
	m.hub.leave(m, "")
	r.settle(m)
	m.enter(next, q.ref, -1, nil)
	return nil
}

func (m *member) reformat(q *request) error {
	format := Text
	if q.name == "json" {
		format = JSON
	}
	if m.codecs[format] == nil || m.codecs[m.format] == nil || m.codecs[1-m.format] == nil {
		return badRequest("the format stands: the connection's subprotocol chose it")
	}
	if format == JSON || m.format != format {
		m.room.resume(m, format, q.ref)
		m.release()
	}
	return nil
}

func (m *member) who(q *request) *WhoAnswer {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	return &WhoAnswer{Ref: q.ref, Occupants: r.occupants(m, occupantsListed), Count: len(r.members)}
}

// roomsAnswer lists as many rooms as an answer has place for.
func (m *member) roomsAnswer(q *request) *RoomsAnswer {
	rooms := m.hub.roomCounts()
	const longest = len(`{"room":"","count":100000},`) + maxRoom
	n := min(len(rooms), maxAnswer/longest)
	return &RoomsAnswer{Ref: q.ref, Rooms: rooms[:n], Others: len(rooms) - n}
}

// history tells the last messages again.
func (m *member) history(q *request) {
	r := m.room
	limit := int(min(q.limit, int64(m.hub.gate.limits.Asked)))
	if m.format == JSON {
		if limit == 0 {
			limit = min(50, m.hub.gate.limits.Asked)
		}
		before := q.id
		if before == 0 {
			before = r.newest() + 1
		}
		found, more := m.hub.journal.Before(r.name, before, limit)
		n := fitting(found, true)
		m.tell(&HistoryAnswer{q.ref, found[len(found)-n:], more || n < len(found)})
		return
	}
	if limit == 0 {
		limit = min(20, m.hub.gate.limits.Asked)
	}
	m.hold()
	if m.retellLast(r, r.newest(), limit) == 0 {
		m.queue(&Answer{Lines: []string{"no messages"}})
	}
	m.release()
}

// since tells every message after an id.
func (m *member) since(q *request) {
	r := m.room
	last := r.newest()
	if m.format == Text {
		m.hold()
		if m.retellSince(r, q.id, last) == 0 {
			m.queue(&Answer{Lines: []string{"no messages"}})
		}
		m.release()
		return
	}
	limit := int(min(q.limit, int64(m.hub.gate.limits.Asked)))
	if limit == 0 {
		limit = min(50, m.hub.gate.limits.Asked)
	}
	found, gap := m.hub.after(r.name, q.id, last, limit)
	if gap != nil {
		m.queue(gap)
	}
	n := fitting(found, false)
	found = found[:n]
	more := n > 0 && found[n-1].ID < last
	m.tell(&HistoryAnswer{q.ref, found, more})
}

// retellLast tells the last n messages up to an id as events, and returns how many there
// were.
func (m *member) retellLast(r *room, last int64, n int) int {
	found, _ := m.hub.journal.Before(r.name, last+1, n)
	m.retell(fmt.Sprintf("the last %d messages", len(found)), found)
	return len(found)
}

// retellSince tells every message after an id up to another as events, and a gap before
// them where some are missing. It returns how many there were.
func (m *member) retellSince(r *room, after, last int64) int {
	found, gap := m.hub.after(r.name, after, last, int(^uint(0)>>1))
	if gap != nil {
		m.queue(gap)
	}
	m.retell(fmt.Sprintf("%d messages since %d", len(found), after), found)
	return len(found)
}

func (m *member) retell(title string, found []*Message) {
	if len(found) == 0 {
		return
	}
	m.queue(Marker(title))
	for _, msg := range found {
		m.queue(msg)
		m.makePlace()
	}
	m.queue(Marker("live"))
}

// after returns the messages after an id, and the gap where not all of them are kept or
// where this server does not know the id.
func (h *Hub) after(room string, id, last int64, limit int) ([]*Message, *Gap) {
	var gap *Gap
	from := id
	if id > last {
		from = 0
		gap = &Gap{After: id, Missed: -1, Lost: true}
	}
	found, reach := h.journal.After(room, from, last, limit)
	if gap == nil && !reach.Whole() {
		gap = &Gap{After: id, Missed: reach.Missed, Lost: true}
	}
	if gap != nil && len(found) > 0 {
		gap.Before = found[0].ID
	}
	return found, gap
}

// maxAnswer bounds an answer on the wire, and leaves place for what is around a list.
const maxAnswer = 60<<10 - 512

// fitting returns how many of the messages fit in one answer, from their end or from
// their beginning.
func fitting(found []*Message, fromEnd bool) int {
	var buf []byte
	size := 0
	for i := range found {
		m := found[i]
		if fromEnd {
			m = found[len(found)-1-i]
		}
		buf = m.AppendJSON(buf[:0])
		if size += len(buf) + 1; size > maxAnswer {
			return max(i, 1)
		}
	}
	return len(found)
}

// newest returns the id of the newest message that the room has heard.
func (r *room) newest() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
