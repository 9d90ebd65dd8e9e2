//go:build linux

package load

import (
	"maps"
	"slices"
)

// Faults counts the deliveries that are missing or wrong.
type Faults struct {
	Lost       int64 `json:"lost"`       // messages that a member did not receive
	Duplicated int64 `json:"doubled"`    // messages that a member received again
	Reordered  int64 `json:"disordered"` // messages that a member received out of order
}

func (f *Faults) add(g Faults) {
	f.Lost += g.Lost
	f.Duplicated += g.Duplicated
	f.Reordered += g.Reordered
}

// Any reports whether there is a fault.
func (f Faults) Any() bool { return f != Faults{} }

// A checker checks what one member receives: every message of every talker once, in the
// order of the room.
type checker struct {
	next    []uint32                // by the talker's index in the room: its next sequence number
	skipped map[messageKey]struct{} // not received, although a later message of the talker was
	last    uint32                  // the greatest position received
	faults  Faults                  // Lost is 0; see result
}

// A messageKey identifies a message in its room.
type messageKey struct {
	talker int // index in the room
	seq    uint32
}

func newChecker(talkers int) checker { return checker{next: make([]uint32, talkers), last: 1} }

func (c *checker) clone() checker {
	d := *c
	d.next, d.skipped = slices.Clone(c.next), maps.Clone(c.skipped)
	return d
}

// record records a message and its position in the order of the room.
func (c *checker) record(talker int, seq, position uint32) {
	switch next := c.next[talker]; {
	case seq == next:
		c.next[talker]++
	case seq > next:
		if c.skipped == nil {
			c.skipped = make(map[messageKey]struct{})
		}
		for s := next; s < seq; s++ {
			c.skipped[messageKey{talker, s}] = struct{}{}
		}
		c.next[talker] = seq + 1
	default:
		key := messageKey{talker, seq}
		if _, late := c.skipped[key]; !late {
			c.faults.Duplicated++
			return
		}
		delete(c.skipped, key)
		c.faults.Reordered++
		c.last = max(c.last, position)
		return
	}
	if position < c.last {
		c.faults.Reordered++
		return
	}
	c.last = position
}

// result returns all faults. sent is the number of messages that each talker sent.
func (c *checker) result(sent []uint32) Faults {
	f := c.faults
	f.Lost += int64(len(c.skipped))
	for i, n := range sent {
		f.Lost += int64(n) - int64(c.next[i])
	}
	return f
}
