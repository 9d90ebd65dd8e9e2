package history

import (
	"math"

	"partyline/hub/wire"
)

// A Range selects messages of a room: those with After < ID < Before, at most Limit of them.
type Range struct {
	After  int64 // 0 for all messages of the room
	Before int64 // 0 for no bound
	Limit  int   // 0 to get the gaps only
	Newest bool  // select the newest messages of the range instead of the oldest
}

// Clamp returns the first and the last id of the range that are between first and last. If
// there is none, from > to.
func (g Range) Clamp(first, last int64) (from, to int64) {
	before := g.Before
	if before == 0 {
		before = math.MaxInt64
	}
	return max(g.After+1, first), min(before-1, last)
}

// A Page is the part of a room's history that a Range selects.
type Page struct {
	Messages []*wire.Message // oldest first

	// Gaps lists, oldest first, the messages after Range.After that had an id and are not in
	// history: they were too old, or were never stored. It covers the ids up to the last of
	// Messages, or the whole range if there are no Messages. Lost is set in each Gap. Gaps is
	// empty if Range.Newest is set.
	Gaps []*wire.Gap

	// More reports whether the range has newer ids than those of Messages or, with
	// Range.Newest, older messages.
	More bool
}

// Gaps returns the gaps of a Page for a Journal whose ids are consecutive. found has all
// messages with ids above after, up to its last one, or up to upTo if found is empty. The ids of
// the room are greater than base; after is 0 for all of them. count returns how many ids from
// first to last were given to messages that are missing, or -1 if that is not known.
func Gaps(after, upTo, base int64, found []*wire.Message, count func(first, last int64) int64) []*wire.Gap {
	first := after + 1
	if after == 0 {
		first = base + 1
	}
	var gaps []*wire.Gap
	add := func(last, before int64) {
		if first > last {
			return
		}
		missed := int64(-1) // the first id is not of this room's history
		if first > base {
			missed = count(first, last)
		}
		if missed == 0 {
			return
		}
		gaps = append(gaps, &wire.Gap{After: after, Before: before, Missed: missed, Lost: true})
	}
	for _, m := range found {
		add(m.ID-1, m.ID)
		after, first = m.ID, m.ID+1
	}
	if len(found) == 0 {
		add(upTo, 0)
	}
	return gaps
}
