package hub

import (
	"fmt"
	"runtime"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// retellPage is how many messages are taken from the journal at once.
const retellPage = 100

// unreadable is what a member is told who asks for history that can't be read.
func unreadable() *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeUnavailable, Message: "history can't be read now, try again in a moment"}
}

// history tells the last messages again.
func (m *member) history(q *wire.Request) error {
	r := m.room
	if m.format == wire.JSON {
		before := q.ID
		if before == 0 {
			before = r.newest() + 1
		}
		found, more, err := m.hub.journal.Before(r.name, before, m.asked(q, 50))
		if err != nil {
			return unreadable()
		}
		m.look(func() {
			p := m.hub.pageOf(found, true)
			m.answer(&wire.HistoryAnswer{Ref: q.Ref, Page: p, More: more || len(p.Fits) < len(found)})
		})
		m.makePlace()
		return nil
	}
	last := m.catchUpAndHold(r)
	defer m.free()
	n, bad := m.retellLast(r, last, m.asked(q, 20))
	if bad != nil {
		return bad
	}
	if n == 0 {
		m.queue(&wire.Answer{Lines: []string{"no messages"}})
	}
	return nil
}

// pageOf returns the page of messages that is in an answer. Many clients may ask for the same
// at once, as when all reconnect after a restart, so the hub keeps the last one.
func (h *Hub) pageOf(found []*wire.Message, fromEnd bool) *wire.Page {
	if p := h.lastPage.Load(); p.Has(found, fromEnd) {
		return p
	}
	p := wire.NewPage(found, fromEnd)
	h.lastPage.Store(p)
	return p
}

// asked returns how many messages a request is answered with at most.
func (m *member) asked(q *wire.Request, usual int) int {
	if q.Limit == 0 {
		return min(usual, m.hub.limits.PageLimit)
	}
	return int(min(q.Limit, int64(m.hub.limits.PageLimit)))
}

// since tells every message after an id.
func (m *member) since(q *wire.Request) error {
	r := m.room
	if m.format == wire.Text {
		last := m.catchUpAndHold(r)
		defer m.free()
		n, bad := m.retellSince(r, q.ID, last)
		if bad != nil {
			return bad
		}
		if n == 0 {
			m.queue(&wire.Answer{Lines: []string{"no messages"}})
		}
		return nil
	}
	last := r.newest()
	found, gaps, err := m.hub.after(r.name, q.ID, last, m.asked(q, 50))
	if err != nil {
		return unreadable()
	}
	m.look(func() {
		p := m.hub.pageOf(found, false)
		upTo := last
		if n := len(p.Fits); n > 0 {
			upTo = p.Fits[n-1].ID
		}
		for _, gap := range gaps {
			if len(p.Fits) == 0 || gap.After < upTo {
				m.answer(gap)
			}
		}
		m.answer(&wire.HistoryAnswer{Ref: q.Ref, Page: p, More: upTo < last})
	})
	m.makePlace()
	return nil
}

// search tells the messages that have some words.
func (m *member) search(q *wire.Request) error {
	r := m.room
	query := history.NewQuery(q.Text)
	if query == nil {
		return wire.BadRequest("there is no word to search for")
	}
	before := q.ID
	if before == 0 {
		before = r.newest() + 1
	}
	found, more, err := m.hub.journal.Search(r.name, query, before, m.asked(q, 20))
	if err != nil {
		return unreadable()
	}
	m.look(func() {
		p := wire.NewPage(found, false)
		m.answer(&wire.SearchAnswer{Ref: q.Ref, Page: p, More: more || len(p.Fits) < len(found)})
	})
	m.makePlace()
	return nil
}

// retellLast tells the last n messages up to an id as events, and returns how many there
// were.
func (m *member) retellLast(r *room, last int64, n int) (int, *wire.Refusal) {
	found, _, err := m.hub.journal.Before(r.name, last+1, n)
	if err != nil {
		return 0, unreadable()
	}
	if len(found) > 0 {
		m.queue(wire.Marker(fmt.Sprintf("the last %d messages", len(found))))
		m.retell(found, nil)
		m.queue(wire.Marker("live"))
	}
	return len(found), nil
}

// retellSince tells every message after an id up to another as events, with a gap where
// some are missing, and returns how many there were. Live events are held back meanwhile:
// m heard all up to last, and nothing behind it. Where so many come that the stream does
// not keep them all, these are told from history too, and only after them it is live.
func (m *member) retellSince(r *room, after, last int64) (n int, bad *wire.Refusal) {
	for from := after; !m.isBroken(); {
		found, gaps, err := m.hub.after(r.name, from, last, retellPage)
		if err != nil {
			// Who resumes has to know that something is missing.
			m.queue(&wire.Gap{After: from, Missed: -1})
			bad = unreadable()
			break
		}
		if n == 0 && len(found) > 0 {
			count := int64(len(found))
			if count == retellPage {
				count = last - found[0].ID + 1
			}
			for ; len(gaps) > 0 && gaps[0].After == from; gaps = gaps[1:] {
				m.queue(gaps[0])
			}
			m.queue(wire.Marker(fmt.Sprintf("%d messages since %d", count, after)))
		}
		m.retell(found, gaps)
		n += len(found)
		if len(found) > 0 {
			if from = found[len(found)-1].ID; from < last {
				continue // be it that those behind are missing
			}
		}
		from = last
		if last = r.rejoin(m, from); last < 0 {
			break
		}
	}
	if n > 0 {
		m.queue(wire.Marker("live"))
	}
	return n, bad
}

// retell tells messages as events, with the gaps between them, as m takes them.
func (m *member) retell(found []*wire.Message, gaps []*wire.Gap) {
	for len(found) > 0 || len(gaps) > 0 {
		m.look(func() {
			for !m.fullUp() && (len(found) > 0 || len(gaps) > 0) {
				if len(gaps) > 0 && (len(found) == 0 || gaps[0].After < found[0].ID) {
					m.queue(gaps[0])
					gaps = gaps[1:]
					continue
				}
				m.queue(found[0])
				found = found[1:]
			}
		})
		m.makePlace()
	}
}

// look does work for m that is worth as much as many messages to others: only so much of
// that is done at a time that they do not notice. It must not wait for anything. What m is
// given by it is written, as far as that needs no waiting.
func (m *member) look(work func()) {
	m.hub.looking <- struct{}{}
	defer func() {
		<-m.hub.looking
		runtime.Gosched() // others come first
	}()
	work()
	m.flush()
}

// catchUpAndHold waits until m has heard all that the room was told until now, and holds it
// there until m.free. It returns the newest id of what m has heard then.
func (m *member) catchUpAndHold(r *room) (last int64) {
	r.mu.Lock()
	m.mu.Lock()
	last = m.hold()
	m.mu.Unlock()
	r.mu.Unlock()
	m.awaitHold()

	r.mu.Lock()
	defer r.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if place := m.cur.place(); place > m.limit { // it fell out of the window, and moved on
		m.limit, last = place, m.cur.chunk.prior
	}
	return last
}

// rejoin returns -1 if the stream still keeps all that came after the message told for m,
// which is held. If not, it moves m to the end of the stream, and returns the newest id
// before that.
func (r *room) rejoin(m *member, told int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil || !m.cur.chunk.left.Load() || r.last <= told {
		return -1
	}
	m.seek(m.cur.stream.end())
	last := m.hold()
	if m.format == wire.Text { // presence was missed
		m.append(&wire.Gap{})
	}
	r.tellAgain(m, last)
	return last
}

// after returns the messages after an id, and a gap wherever some are not kept or where
// this server does not know the id.
func (h *Hub) after(room string, id, last int64, limit int) ([]*wire.Message, []*wire.Gap, error) {
	from := id
	if id > last {
		from = 0
	}
	found, missing, err := h.journal.After(room, from, last, limit)
	if err != nil {
		return nil, nil, err
	}
	var gaps []*wire.Gap
	if id > last {
		gap := &wire.Gap{After: id, Missed: -1, Lost: true}
		if len(found) > 0 {
			gap.Before = found[0].ID
		}
		gaps = append(gaps, gap)
		if len(missing) > 0 && missing[0].After == from {
			missing = missing[1:] // that is told with it
		}
	}
	for _, miss := range missing {
		gaps = append(gaps, &wire.Gap{After: miss.After, Before: miss.Before, Missed: miss.Count, Lost: true})
	}
	return found, gaps, nil
}

// newest returns the id of the newest message that the room has heard.
func (r *room) newest() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
