package hub

import (
	"fmt"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// replayPage is the number of messages that a replay reads from the journal at once.
const replayPage = 100

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

// replaySince sends the messages with ids above after and up to last as events, with gap notices
// for those that are missing, and returns the number of messages. The member has got the live
// events up to last, and gets no more before release. If live messages are evicted from the
// stream in the meantime, replaySince sends them from history too.
func (s *session) replaySince(r *room, after, last int64) (n int, bad *wire.Refusal) {
	for from := after; !s.out.failed(); {
		found, gaps, err := s.hub.readAfter(r.name, from, last, replayPage)
		if err != nil {
			// A client that resumes must learn that messages are missing.
			s.out.enqueue(&wire.Gap{After: from, Missed: -1})
			bad = unreadable()
			break
		}
		if n == 0 && len(found) > 0 {
			count := s.hub.countSince(found, last)
			for ; len(gaps) > 0 && gaps[0].After == from; gaps = gaps[1:] {
				s.out.enqueue(gaps[0])
			}
			s.out.enqueue(wire.Marker(fmt.Sprintf("%s messages since %d", count, after)))
		}
		s.replay(found, gaps)
		n += len(found)
		if len(found) > 0 {
			if from = found[len(found)-1].ID; from < last {
				continue // even if the messages after from are missing
			}
		}
		from = last
		if last = r.skipEvicted(&s.member, from); last < 0 {
			break
		}
	}
	if n > 0 {
		s.out.enqueue(wire.Marker("live"))
	}
	return n, bad
}

// countSince says how many messages there are up to an id, of which found is the first page.
func (h *Hub) countSince(found []*wire.Message, last int64) string {
	if len(found) < replayPage {
		return fmt.Sprint(len(found))
	}
	if _, ok := h.opt.Journal.(history.Shared); ok { // ids between those of the room are those of other rooms
		return fmt.Sprint(replayPage, " or more")
	}
	return fmt.Sprint(last - found[0].ID + 1)
}

// replay sends messages and the gaps between them as events, as fast as the member accepts them.
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

// catchUpAndHold waits until the member has got all present events of the room, and returns the
// newest id in them. The member gets no more events before release.
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

// skipEvicted moves m, which is held, to the end of its stream if the stream no longer has all
// messages after an id. It returns the newest id before the new position, or -1 if it did not
// move m.
func (r *room) skipEvicted(m *member, after int64) int64 {
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
