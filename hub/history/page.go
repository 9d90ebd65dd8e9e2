package history

import (
	"math"

	"partyline/hub/wire"
)

// A Range selects messages of a room: those with After < ID < Before, at most Limit of them.
type Range struct {
	After  int64 // 0 for all messages of the room
	Before int64 // 0 for no bound
	Limit  int   // 0 for the gaps alone
	Newest bool  // select the newest messages of the range instead of the oldest
}

// Clamp returns the first and the last id of the range that lie between first and last.
// The range has none of these ids if from > to.
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

	// Gaps lists the messages after Range.After that the journal gave an id and no longer
	// has, oldest first and all with Lost set: those up to the last of Messages, or in the
	// whole range if there are no Messages. It is empty if Range.Newest is set.
	Gaps []*wire.Gap

	// More reports whether the range has newer ids than those of Messages or, with
	// Range.Newest, older messages.
	More bool
}

// Gaps returns the Gaps of a Page. Ids are given one by one, so a gap is a run of ids that
// found lacks. The ids that were checked are those above after, or above base if after is 0, up
// to the last of found, or up to upTo if found is empty. The room's ids are above base. count
// returns how many ids of a run were given to messages, or -1 if that is not known.
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
		missed := int64(-1) // some of the ids are another journal's
		if first > base {
			missed = count(first, last)
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
