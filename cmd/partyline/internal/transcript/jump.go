package transcript

import (
	"slices"

	"partyline/client"
)

// JumpTo shows the message with an id and highlights it until ToEnd. If the message is not loaded, Wants asks for
// it, and Load shows it.
func (v *View) JumpTo(id int64) {
	v.chosen = id
	v.seeking = v.render.kind == Room && v.openGap(id)
	v.showChosen()
}

// showChosen shows the chosen message, or what is in its place.
func (v *View) showChosen() {
	i := slices.IndexFunc(v.entries, func(e *entry) bool { return e.id == v.chosen || v.render.kind == Room && e.id > v.chosen })
	if i < 0 {
		return
	}
	top, skip := v.up(i, 0, v.height/3)
	for j := i - 1; j > top; j-- {
		if v.entries[j].gap != nil { // filling it is not to move the message
			top, skip = j, 0
			break
		}
	}
	v.show(top, skip)
}

// openGap makes a gap that begins with a message, if the message is not loaded. It reports whether there is one now.
func (v *View) openGap(id int64) bool {
	i := slices.IndexFunc(v.entries, func(e *entry) bool { return e.id >= id })
	switch {
	case i < 0 || v.entries[i].id == id:
		return false
	case v.older && v.oldest() > id:
		v.insertGap(0, &client.Gap{After: id - 1, Before: v.oldest(), Missed: -1})
		return true
	case i > 0 && v.entries[i-1].gap != nil:
		return v.divide(i-1, id)
	}
	return false
}

// divide makes two gaps of one, so that the second one begins with a message.
func (v *View) divide(i int, id int64) bool {
	g := v.entries[i].gap
	if g.Lost || g.Missed == 0 || g.Before == 0 {
		return false
	}
	if g.After < id-1 {
		v.insertGap(i+1, &client.Gap{After: id - 1, Before: g.Before, Missed: -1})
		g.Before, g.Missed = id, -1
		v.entries[i].lines = nil
	}
	return true
}

func (v *View) insertGap(i int, g *client.Gap) {
	v.entries = slices.Insert(v.entries, i, &entry{kind: gap, at: v.entries[i].at, gap: g})
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
