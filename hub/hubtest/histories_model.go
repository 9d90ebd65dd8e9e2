package hubtest

import (
	"cmp"
	"slices"

	"partyline/hub/wire"
)

// A modelRoom is what a Journal has to know of a room.
type modelRoom struct {
	name        string
	open        bool
	number      int   // of the rooms that were made, which one this is
	base        int64 // the ids of told are above it
	given       int64 // the newest id of a message
	last        int64 // the newest id, of a message or of what Open returned
	told        []toldMessage
	gone        []int64       // ids that were given before the room was forgotten
	keyed       []toldMessage // messages that were stored with a key, gone ones too
	forgettable bool          // it was one of too many rooms without members
}

// A toldMessage is a message that has its place.
type toldMessage struct {
	id        int64
	text, key string
	at        int64 // in milliseconds since 1970
	unstored  bool
}

// kept returns the messages that are in history if a room keeps n.
func (r *modelRoom) kept(n int) []toldMessage {
	var stored []toldMessage
	for _, m := range r.told {
		if !m.unstored {
			stored = append(stored, m)
		}
	}
	return stored[max(len(stored)-n, 0):]
}

// after returns what Journal.After has to return of a room that keeps n messages.
func (r *modelRoom) after(n int, after, upTo int64, limit int) (found []toldMessage, missing []wire.Gap) {
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
			missing = append(missing, run)
		}
		run = wire.Gap{After: next, Lost: true}
	}
	next := found
	for _, m := range r.told {
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
	return found, missing
}

// before returns what Journal.Before has to return of a room that keeps n messages.
func (r *modelRoom) before(n int, before int64, limit int) (found []toldMessage, more bool) {
	for _, m := range r.kept(n) {
		if m.id < before {
			found = append(found, m)
		}
	}
	from := max(len(found)-limit, 0)
	return found[from:], from > 0
}

// forget notes that the room was forgotten, and is opened again at an id.
func (r *modelRoom) forget(last int64) {
	for _, m := range r.told {
		if m.id < r.last {
			r.gone = append(r.gone, m.id)
		}
	}
	r.told = nil
	r.base, r.last = last, last
}

// noteForgettable notes which of the rooms without members may be forgotten: those that are
// not among the n that have the most messages, or are the oldest of those with equally many.
func noteForgettable(rooms []*modelRoom, n, keep int) {
	var unused []*modelRoom
	for _, r := range rooms {
		if !r.open && len(r.told) > 0 {
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
