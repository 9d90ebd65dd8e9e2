package hubtest

import (
	"cmp"
	"slices"

	"partyline/hub/wire"
)

// A modelRoom is the expected state of a room of a Journal.
type modelRoom struct {
	name        string
	open        bool
	number      int   // counts the rooms in the order in which they were created
	base        int64 // the ids of messages are greater
	given       int64 // the newest id of a message
	last        int64 // the newest id, of a message or of what Open returned
	messages    []modelMessage
	forgotten   []int64        // ids that were given before the room was forgotten
	keyed       []modelMessage // messages that were stored with a key, also those no longer in history
	forgettable bool           // the Journal may forget it
}

// A modelMessage is a message that was committed.
type modelMessage struct {
	id        int64
	text, key string
	at        int64 // in milliseconds since 1970
	unstored  bool
}

// kept returns the messages that are in history if a room retains n.
func (r *modelRoom) kept(n int) []modelMessage {
	var stored []modelMessage
	for _, m := range r.messages {
		if !m.unstored {
			stored = append(stored, m)
		}
	}
	return stored[max(len(stored)-n, 0):]
}

// after returns the oldest messages of a range and the gaps, if a room retains n messages.
func (r *modelRoom) after(n int, after, upTo int64, limit int) (found []modelMessage, gaps []wire.Gap) {
	for _, m := range r.kept(n) {
		if m.id > after && m.id <= upTo && len(found) < limit {
			found = append(found, m)
		}
	}
	if len(found) > 0 {
		upTo = found[len(found)-1].id
	}
	run := wire.Gap{After: after, Lost: true}
	unknown := after != 0 && after < r.base
	end := func(next int64) {
		if unknown {
			run.Missed, unknown = -1, false
		}
		if run.Before = next; run.Missed != 0 {
			gaps = append(gaps, run)
		}
		run = wire.Gap{After: next, Lost: true}
	}
	next := found
	for _, m := range r.messages {
		switch {
		case m.id <= after || m.id > upTo:
		case len(next) > 0 && m.id == next[0].id:
			end(m.id)
			next = next[1:]
		default:
			run.Missed++
		}
	}
	if len(found) == 0 {
		end(0)
	}
	return found, gaps
}

// before returns the newest messages before an id and whether there are older ones, if a room
// retains n messages.
func (r *modelRoom) before(n int, before int64, limit int) (found []modelMessage, more bool) {
	for _, m := range r.kept(n) {
		if m.id < before {
			found = append(found, m)
		}
	}
	from := max(len(found)-limit, 0)
	return found[from:], from > 0
}

// forget notes that the room was forgotten and opened again with the newest id last.
func (r *modelRoom) forget(last int64) {
	for _, m := range r.messages {
		if m.id < r.last {
			r.forgotten = append(r.forgotten, m.id)
		}
	}
	r.messages = nil
	r.base, r.last = last, last
}

// noteForgettable notes which of the rooms without members may be forgotten: all except the n with
// the most messages. Of rooms with equally many messages the oldest are kept.
func noteForgettable(rooms []*modelRoom, n, keep int) {
	var unused []*modelRoom
	for _, r := range rooms {
		if !r.open && len(r.messages) > 0 {
			unused = append(unused, r)
		}
	}
	slices.SortFunc(unused, func(a, b *modelRoom) int {
		return cmp.Or(cmp.Compare(len(b.kept(keep)), len(a.kept(keep))), cmp.Compare(a.number, b.number))
	})
	for _, r := range unused[min(n, len(unused)):] {
		r.forgettable = true
	}
}
