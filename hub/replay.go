package hub

import (
	"fmt"
	"runtime"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// replayPage is the number of messages that a replay reads from the journal at once.
const replayPage = 100

// unreadable refuses a request for history that can't be read.
func unreadable() *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeUnavailable, Message: "history can't be read now, try again in a moment"}
}

// handleHistory answers with the last messages, or with those before an id.
func handleHistory(s *session, q *wire.Request) error {
	r := s.room
	if s.out.format == wire.Text {
		return answerInText(s, func(last int64) (int, *wire.Refusal) {
			return s.replayLast(r, last, s.hub.pageLimit(q, 20))
		})
	}
	page, err := s.hub.opt.Journal.Read(r.name, history.Range{Before: beforeID(r, q), Limit: s.hub.pageLimit(q, 50), Newest: true})
	if err != nil {
		return unreadable()
	}
	found := page.Messages
	s.withHistorySlot(func() {
		p := s.hub.pageOf(found, true)
		s.out.answer(&wire.HistoryAnswer{Ref: q.Ref, Page: p, More: page.More || len(p.Fits) < len(found)})
	})
	s.awaitQueue()
	return nil
}

// answerInText answers with the messages that replay sends, between the live events. last is the
// newest id of the live events that the member has got, and n the number of messages.
func answerInText(s *session, replay func(last int64) (n int, bad *wire.Refusal)) error {
	last := s.out.catchUpAndHold(s.room)
	defer s.out.release()
	n, bad := replay(last)
	if bad != nil {
		return bad
	}
	if n == 0 {
		s.out.enqueue(&wire.Answer{Lines: []string{"no messages"}})
	}
	return nil
}

// beforeID returns the id before which a request asks for messages.
func beforeID(r *room, q *wire.Request) int64 {
	if q.ID == 0 {
		return r.newestID() + 1
	}
	return q.ID
}

// pageOf returns messages as a page of an answer. Many clients may ask for the same page at once,
// as when all reconnect after a restart, so the hub keeps the last one.
func (h *Hub) pageOf(found []*wire.Message, fromEnd bool) *wire.Page {
	if p := h.lastPage.Load(); p.Has(found, fromEnd) {
		return p
	}
	p := wire.NewPage(found, fromEnd)
	h.lastPage.Store(p)
	return p
}

// pageLimit returns how many messages an answer may have.
func (h *Hub) pageLimit(q *wire.Request, usual int) int {
	if q.Limit == 0 {
		return min(usual, h.opt.Limits.PageLimit)
	}
	return int(min(q.Limit, int64(h.opt.Limits.PageLimit)))
}

// handleSince answers with the messages after an id.
func handleSince(s *session, q *wire.Request) error {
	r := s.room
	if s.out.format == wire.Text {
		return answerInText(s, func(last int64) (int, *wire.Refusal) { return s.replaySince(r, q.ID, last) })
	}
	last := r.newestID()
	found, gaps, err := s.hub.after(r.name, q.ID, last, s.hub.pageLimit(q, 50))
	if err != nil {
		return unreadable()
	}
	s.withHistorySlot(func() {
		p := s.hub.pageOf(found, false)
		upTo := last
		if n := len(p.Fits); n > 0 {
			upTo = p.Fits[n-1].ID
		}
		for _, gap := range gaps {
			if len(p.Fits) == 0 || gap.After < upTo {
				s.out.answer(gap)
			}
		}
		s.out.answer(&wire.HistoryAnswer{Ref: q.Ref, Page: p, More: upTo < last})
	})
	s.awaitQueue()
	return nil
}

// handleSearch answers with the newest messages that match a query.
func handleSearch(s *session, q *wire.Request) error {
	r := s.room
	query := history.NewQuery(q.Text)
	if query == nil {
		return wire.BadRequest("there is no word to search for")
	}
	searcher, ok := s.hub.opt.Journal.(history.Searcher)
	if !ok {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "this server has no search"}
	}
	found, more, err := searcher.Search(r.name, query, beforeID(r, q), s.hub.pageLimit(q, 20))
	if err != nil {
		return unreadable()
	}
	s.withHistorySlot(func() {
		p := wire.NewPage(found, false)
		s.out.answer(&wire.SearchAnswer{Ref: q.Ref, Page: p, More: more || len(p.Fits) < len(found)})
	})
	s.awaitQueue()
	return nil
}

// replayLast sends the last n messages up to an id as events, and returns how many there were.
func (s *session) replayLast(r *room, last int64, n int) (int, *wire.Refusal) {
	page, err := s.hub.opt.Journal.Read(r.name, history.Range{Before: last + 1, Limit: n, Newest: true})
	if err != nil {
		return 0, unreadable()
	}
	found := page.Messages
	if len(found) > 0 {
		s.out.enqueue(wire.Marker(fmt.Sprintf("the last %d messages", len(found))))
		s.replay(found, nil)
		s.out.enqueue(wire.Marker("live"))
	}
	return len(found), nil
}

// replaySince sends the messages after one id up to another as events, with gap notices for those
// that are missing, and returns how many there were. The member has got the live events up to
// last, and gets no more meanwhile. If so many come that the stream does not keep them all,
// replaySince sends them from history too.
func (s *session) replaySince(r *room, after, last int64) (n int, bad *wire.Refusal) {
	for from := after; !s.out.failed(); {
		found, gaps, err := s.hub.after(r.name, from, last, replayPage)
		if err != nil {
			// A client that resumes has to know that something is missing.
			s.out.enqueue(&wire.Gap{After: from, Missed: -1})
			bad = unreadable()
			break
		}
		if n == 0 && len(found) > 0 {
			count := int64(len(found))
			if count == replayPage {
				count = last - found[0].ID + 1
			}
			for ; len(gaps) > 0 && gaps[0].After == from; gaps = gaps[1:] {
				s.out.enqueue(gaps[0])
			}
			s.out.enqueue(wire.Marker(fmt.Sprintf("%d messages since %d", count, after)))
		}
		s.replay(found, gaps)
		n += len(found)
		if len(found) > 0 {
			if from = found[len(found)-1].ID; from < last {
				continue // even if the messages after from are missing
			}
		}
		from = last
		if last = r.rejoin(&s.member, from); last < 0 {
			break
		}
	}
	if n > 0 {
		s.out.enqueue(wire.Marker("live"))
	}
	return n, bad
}

// replay sends messages and the gaps between them as events, as the member takes them.
func (s *session) replay(found []*wire.Message, gaps []*wire.Gap) {
	for len(found) > 0 || len(gaps) > 0 {
		s.withHistorySlot(func() {
			for !s.out.isFull() && (len(found) > 0 || len(gaps) > 0) {
				if len(gaps) > 0 && (len(found) == 0 || gaps[0].After < found[0].ID) {
					s.out.enqueue(gaps[0])
					gaps = gaps[1:]
					continue
				}
				s.out.enqueue(found[0])
				found = found[1:]
			}
		})
		s.awaitQueue()
	}
}

// withHistorySlot calls work, which encodes many messages for one member and does not wait, and
// then flushes. It bounds how much of that goes on at once, so that it does not delay live
// messages.
func (s *session) withHistorySlot(work func()) {
	s.hub.historySlots <- struct{}{}
	defer func() {
		<-s.hub.historySlots
		runtime.Gosched() // let other members go first
	}()
	work()
	s.out.flush()
}

// catchUpAndHold waits until the member has got all events of the room until now. It gets no more
// until release. catchUpAndHold returns the newest id of these events.
func (o *outbox) catchUpAndHold(r *room) (last int64) {
	r.mu.Lock()
	o.mu.Lock()
	last = o.holdLocked()
	o.mu.Unlock()
	r.mu.Unlock()
	o.awaitLimit()

	r.mu.Lock()
	defer r.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if at := o.cursor.position(); at > o.limit { // the member fell out of the window
		o.limit, last = at, o.cursor.chunk.lastIDBefore
	}
	return last
}

// rejoin returns -1 if the stream still has all messages after an id for m, which is held. If
// not, it moves m to the end of the stream, and returns the newest id before that.
func (r *room) rejoin(m *member, after int64) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	if m.out.writeErr != nil || !m.out.cursor.chunk.evicted.Load() || r.lastID <= after {
		return -1
	}
	m.out.seekLocked(m.out.cursor.stream.endLocked())
	last := m.out.holdLocked()
	if m.out.format == wire.Text { // joins and leaves are missed
		m.out.appendLocked(&wire.Gap{})
	}
	r.resyncLocked(m, last)
	return last
}

// after returns the messages after an id, and a gap wherever some are not kept, or if this server
// has not given the id.
func (h *Hub) after(room string, id, last int64, limit int) ([]*wire.Message, []*wire.Gap, error) {
	from := id
	if id > last {
		from = 0
	}
	page, err := h.opt.Journal.Read(room, history.Range{After: from, Before: last + 1, Limit: limit})
	if err != nil {
		return nil, nil, err
	}
	found, gaps := page.Messages, page.Gaps
	if id > last {
		gap := &wire.Gap{After: id, Missed: -1, Lost: true}
		if len(found) > 0 {
			gap.Before = found[0].ID
		}
		if len(gaps) > 0 && gaps[0].After == from {
			gaps = gaps[1:] // gap covers it
		}
		gaps = append([]*wire.Gap{gap}, gaps...)
	}
	return found, gaps, nil
}

// newestID returns the id of the newest message in the streams.
func (r *room) newestID() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastID
}
