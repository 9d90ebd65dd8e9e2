package hub

import (
	"errors"
	"runtime"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// handleHistory answers with the newest messages, or with the newest ones before an id.
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
		p := s.hub.messageList(found, true)
		s.out.answer(&wire.HistoryAnswer{Ref: q.Ref, List: p, More: page.More || len(p.Messages) < len(found)})
	})
	s.awaitQueue()
	return nil
}

// handleSince answers with the messages after an id.
func handleSince(s *session, q *wire.Request) error {
	r := s.room
	if err := r.reach(q.ID); err != nil {
		return unreadable()
	}
	if s.out.format == wire.Text {
		return answerInText(s, func(last int64) (int, *wire.Refusal) { return s.replaySince(r, q.ID, last) })
	}
	last := r.newestID()
	found, gaps, err := s.hub.readAfter(r.name, q.ID, last, s.hub.pageLimit(q, 50))
	if err != nil {
		return unreadable()
	}
	s.withHistorySlot(func() {
		p := s.hub.messageList(found, false)
		upTo := last
		if n := len(p.Messages); n > 0 {
			upTo = p.Messages[n-1].ID
		}
		for _, gap := range gaps {
			if len(p.Messages) == 0 || gap.After < upTo {
				s.out.answer(gap)
			}
		}
		s.out.answer(&wire.HistoryAnswer{Ref: q.Ref, List: p, More: upTo < last})
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
	var found []*wire.Message
	more, err := false, history.ErrNoSearch
	if searcher, ok := s.hub.opt.Journal.(history.Searcher); ok {
		found, more, err = searcher.Search(r.name, query, beforeID(r, q), s.hub.pageLimit(q, 20))
	}
	switch {
	case errors.Is(err, history.ErrNoSearch):
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "this server has no search"}
	case errors.Is(err, history.ErrIndexing):
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "search is not ready: the server still reads the history, try again in a while"}
	case err != nil:
		return unreadable()
	}
	s.withHistorySlot(func() {
		p := wire.NewMessageList(found, false)
		s.out.answer(&wire.SearchAnswer{Ref: q.Ref, List: p, More: more || len(p.Messages) < len(found)})
	})
	s.awaitQueue()
	return nil
}

// answerInText answers with the messages that replay sends, while live events wait. last is the
// newest id in the live events that the member has got. n is the number of replayed messages.
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

// reach waits until the room has the messages up to an id, if the journal is shared: another server, which was ahead, may
// have given the id. An error means that the journal can't say whether one has. The caller holds no lock.
func (r *room) reach(id int64) error {
	shared, ok := r.hub.opt.Journal.(history.Shared)
	if !ok || id <= r.newestID() {
		return nil
	}
	reached, err := shared.Await(r.name, id)
	if reached {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lastID = max(r.lastID, id) // which may be that of a message in another room
	}
	return err
}

// readAfter returns the messages after an id, at most limit of them, and the gaps between them. If
// the id is greater than last, this server did not assign it: readAfter then returns a gap, and
// the messages from the oldest on.
func (h *Hub) readAfter(room string, id, last int64, limit int) ([]*wire.Message, []*wire.Gap, error) {
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

// beforeID returns the id before which a request wants messages: by default, the next id.
func beforeID(r *room, q *wire.Request) int64 {
	if q.ID == 0 {
		return r.newestID() + 1
	}
	return q.ID
}

// newestID returns the id of the newest message in the streams.
func (r *room) newestID() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lastID
}

// pageLimit returns the number of messages that an answer may have. usual applies if the request
// has no limit.
func (h *Hub) pageLimit(q *wire.Request, usual int) int {
	most := h.limits.Load().PageLimit
	if q.Limit == 0 {
		return min(usual, most)
	}
	return int(min(q.Limit, int64(most)))
}

// messageList returns the page of an answer. The hub keeps the last page, because many clients may
// request the same one at once, as after a restart.
func (h *Hub) messageList(found []*wire.Message, fromEnd bool) *wire.MessageList {
	if p := h.lastList.Load(); p.IsFor(found, fromEnd) {
		return p
	}
	p := wire.NewMessageList(found, fromEnd)
	h.lastList.Store(p)
	return p
}

// withHistorySlot waits for a history slot, calls work, and flushes. work encodes many messages for
// the member and does not wait. The number of slots bounds the concurrent encoding of history, so
// that it does not delay live messages.
func (s *session) withHistorySlot(work func()) {
	s.hub.historySlots <- struct{}{}
	defer func() {
		<-s.hub.historySlots
		runtime.Gosched() // let other members go first
	}()
	work()
	s.out.flush()
}

// unreadable returns the refusal of a request for history that can't be read.
func unreadable() *wire.Refusal {
	return &wire.Refusal{Code: wire.CodeUnavailable, Message: "history can't be read now, try again in a moment"}
}
