//go:build linux

package load

import (
	"maps"
	"slices"
)

// Faults are what a member must never hear, or fail to hear.
type Faults struct {
	Lost       int64 `json:"lost"`       // messages that a member did not get
	Doubled    int64 `json:"doubled"`    // that it got again
	Disordered int64 `json:"disordered"` // that it got after one which others got later
}

func (f *Faults) add(g Faults) {
	f.Lost += g.Lost
	f.Doubled += g.Doubled
	f.Disordered += g.Disordered
}

// Any reports whether there are some.
func (f Faults) Any() bool { return f != Faults{} }

// An ear checks what one listener hears: every message of every talker once, and all in
// the room's order.
type ear struct {
	next    []uint32 // by the talker's index in the room: its next sequence number
	missing map[missed]struct{}
	last    uint32 // the latest place heard
	faults  Faults // Lost is counted by the end alone
}

// missed is a message that was passed over.
type missed struct {
	talker int
	seq    uint32
}

func newEar(talkers int) ear { return ear{next: make([]uint32, talkers), last: 1} }

func (e *ear) clone() ear {
	c := *e
	c.next, c.missing = slices.Clone(e.next), maps.Clone(e.missing)
	return c
}

// hear notes a message and its place in the order of the room.
func (e *ear) hear(talker int, seq, place uint32) {
	switch next := e.next[talker]; {
	case seq == next:
		e.next[talker]++
	case seq > next:
		if e.missing == nil {
			e.missing = make(map[missed]struct{})
		}
		for s := next; s < seq; s++ {
			e.missing[missed{talker, s}] = struct{}{}
		}
		e.next[talker] = seq + 1
	default:
		m := missed{talker, seq}
		if _, late := e.missing[m]; !late {
			e.faults.Doubled++
			return
		}
		delete(e.missing, m)
		e.faults.Disordered++
		e.last = max(e.last, place)
		return
	}
	if place < e.last {
		e.faults.Disordered++
		return
	}
	e.last = place
}

// end returns all faults where the talkers have said so many messages each.
func (e *ear) end(said []uint32) Faults {
	f := e.faults
	f.Lost += int64(len(e.missing))
	for i, n := range said {
		f.Lost += int64(n) - int64(e.next[i])
	}
	return f
}
