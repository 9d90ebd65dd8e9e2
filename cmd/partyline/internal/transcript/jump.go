package transcript

import (
	"slices"

	"partyline/client"
)

// JumpTo shows the message with an id and highlights it until ToEnd. If the message is not loaded, Wants asks for
// it, and Load shows it.
func (v *View) JumpTo(id int64) {
	v.chosen = id
	i := slices.IndexFunc(v.entries, func(e *entry) bool { return e.id >= id })
	if v.render.kind == Results {
		i = slices.IndexFunc(v.entries, func(e *entry) bool { return e.id == id })
	}
	switch {
	case i < 0:
		return
	case v.entries[i].id == id, v.render.kind != Room:
	case i > 0 && v.entries[i-1].gap != nil && v.entries[i-1].gap.Missed != 0:
		i = v.divide(i-1, id)
	case v.older && v.oldest() > id:
		v.entries = slices.Insert(v.entries, 0, &entry{
			kind: gap, at: v.entries[0].at, gap: &client.Gap{After: id - 1, Before: v.oldest(), Missed: -1},
		})
		v.seeking = true
	}
	v.show(v.up(i, 0, v.height/3))
}

// divide makes two gaps of one, so that the message with an id can be loaded between them. It returns the index
// of the second one.
func (v *View) divide(i int, id int64) int {
	g := v.entries[i].gap
	if g.Lost || g.Before == 0 {
		return i
	}
	if g.After < id-1 {
		later := &entry{kind: gap, at: v.entries[i].at, gap: &client.Gap{After: id - 1, Before: g.Before, Missed: -1}}
		g.Before, g.Missed = id, -1
		v.entries[i].lines = nil
		i++
		v.entries = slices.Insert(v.entries, i, later)
	}
	v.seeking = true
	return i
}

// Choose highlights the next message below the highlighted one, or above it if step is negative, and shows it. It
// returns the id of the message, or 0 if there is none.
func (v *View) Choose(step int) int64 {
	i := slices.IndexFunc(v.entries, func(e *entry) bool { return e.id != 0 && e.id == v.chosen })
	switch {
	case i < 0 && step < 0:
		i, step = len(v.entries), -1
	case i < 0:
		step = 1
	}
	for i += step; i >= 0 && i < len(v.entries); i += step {
		if id := v.entries[i].id; id != 0 {
			v.chosen = id
			v.reveal(i)
			break
		}
	}
	return v.chosen
}

// Chosen returns the id of the highlighted message, or 0.
func (v *View) Chosen() int64 { return v.chosen }

// reveal scrolls as little as is needed to show an entry.
func (v *View) reveal(i int) {
	if v.follow {
		v.top, v.skip = v.up(v.size(), 0, v.height)
	}
	if i < v.top || i == v.top && v.skip > 0 {
		v.show(i, 0)
		return
	}
	below := -v.skip
	for j := v.top; j <= i; j++ {
		below += len(v.block(j))
	}
	if below > v.height {
		v.show(v.down(v.top, v.skip, below-v.height))
	}
}
