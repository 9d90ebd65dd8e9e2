package transcript

import (
	"slices"

	"partyline/client"
)

// A Page names messages of the history: those next to an id, which are after it if Newer is set and before it
// if not. Before the id 0 are the newest messages.
type Page struct {
	ID    int64
	Newer bool
}

// Wants reports whether messages should be loaded from the history for what is shown, and which. When client.Since or
// client.History has returned them, Load takes them.
func (v *View) Wants() (p Page, wanted bool) {
	if v.render.kind != Room {
		return Page{}, false
	}
	if v.seeking {
		return Page{v.chosen - 1, true}, true
	}
	for i := max(v.top-v.height, 0); i < min(v.top+2*v.height, len(v.entries)); i++ {
		g := v.entries[i].gap
		if g == nil || g.Lost || g.Missed == 0 || g.Before == 0 { // without an end yet, it may have what comes next
			continue
		}
		if v.follow || i <= v.top {
			return Page{g.Before, false}, true
		}
		return Page{g.After, true}, true
	}
	if v.older && v.top <= v.height {
		return Page{v.oldest(), false}, true
	}
	return Page{}, false
}

// Load adds the messages of a page, oldest first. more says whether the history has more in its direction. The
// lines on the screen do not move. If the page is no longer wanted, Load does nothing.
func (v *View) Load(p Page, messages []*client.Message, more bool) {
	i, g := v.place(p)
	if i < 0 {
		return
	}
	loaded := v.between(i, messages)
	complete := !more || len(loaded) < len(messages) || len(loaded) == 0
	v.hold(func() {
		v.insert(i, loaded)
		if g == nil {
			v.older = !complete
		} else {
			v.fill(g, p, loaded, complete)
		}
	})
	v.countLoaded(loaded)
	v.bound()
	if v.seeking {
		v.seeking = false
		v.showChosen()
	}
}

// place returns where the messages of a page belong, and the gap that they fill, if there is one. The place is
// negative if the page is not wanted.
func (v *View) place(p Page) (i int, g *entry) {
	for i, e := range v.entries {
		switch {
		case e.gap == nil || e.gap.Lost || e.gap.Before == 0:
		case p.Newer && e.gap.After == p.ID:
			return i, e
		case !p.Newer && e.gap.Before == p.ID:
			return i + 1, e
		}
	}
	if !p.Newer && v.older && v.oldest() == p.ID {
		return 0, nil
	}
	return -1, nil
}

// between returns entries for the messages whose ids fit at a place.
func (v *View) between(i int, messages []*client.Message) (entries []*entry) {
	after, before := v.around(i)
	for _, m := range messages {
		if m.ID > after && (before == 0 || m.ID < before) {
			entries = append(entries, messageEntry(m, v.render.own))
			after = m.ID
		}
	}
	return entries
}

// around returns the ids of the messages before and after a place, or 0.
func (v *View) around(i int) (before, after int64) {
	for _, e := range slices.Backward(v.entries[:i]) {
		if e.id != 0 {
			before = e.id
			break
		}
	}
	for _, e := range v.entries[i:] {
		if e.id != 0 {
			after = e.id
			break
		}
	}
	return before, after
}

func (v *View) insert(i int, entries []*entry) {
	if len(entries) == 0 {
		return
	}
	v.entries = slices.Insert(v.entries, i, entries...)
	v.newest = max(v.newest, entries[len(entries)-1].id)
	if i <= v.top {
		v.top += len(entries)
	}
}

// fill makes a gap smaller by a page that was loaded, and removes it if it has nothing any more. If there was nothing
// to load, the gap stays and is lost.
func (v *View) fill(g *entry, p Page, loaded []*entry, complete bool) {
	g.lines = nil
	if len(loaded) == 0 {
		g.gap.Lost = true
		return
	}
	g.gap.Missed = -1
	if p.Newer {
		g.gap.After = loaded[len(loaded)-1].id
	} else {
		g.gap.Before = loaded[0].id
	}
	if !complete && g.gap.After+1 < g.gap.Before {
		return
	}
	v.entries = slices.DeleteFunc(v.entries, func(e *entry) bool { return e == g })
	if v.mark == g {
		v.mark = nil
	}
}

// endGaps tells the gaps at the end which message follows them.
func (v *View) endGaps(id int64) {
	for _, e := range slices.Backward(v.entries) {
		if e.id != 0 {
			return
		}
		if e.gap != nil && e.gap.Before == 0 {
			e.gap.Before = id
		}
	}
}

// hold calls a function that changes entries, and keeps the lines that are shown in place.
func (v *View) hold(change func()) {
	if v.follow || v.top >= v.size() {
		change()
		return
	}
	// The end of an entry stays in place, because its beginning may change with the entry before it.
	i := v.top
	below := len(v.block(i)) - v.skip
	if v.entry(i).gap != nil && i+1 < v.size() {
		i++
		below += len(v.block(i))
	}
	anchor := v.entry(i)
	change()
	for i := range v.size() {
		if v.entry(i) == anchor {
			v.show(v.up(i+1, 0, below))
			return
		}
	}
}

// bound removes entries if there are too many.
func (v *View) bound() {
	if n := len(v.entries) - maxEntries; n > maxEntries/8 {
		v.drop(n)
	}
}

// drop removes n entries far from what is shown: the oldest ones, or if the reader is near them, some below the
// screen. A gap replaces the latter.
func (v *View) drop(n int) {
	if v.follow || v.render.kind != Room {
		v.dropFirst(n)
		return
	}
	const above, below = maxEntries / 4, maxEntries / 2 // entries to keep around the first one on the screen
	if first := min(n, v.top-above); first > 0 {
		v.dropFirst(first)
		n -= first
	}
	if n > 0 {
		v.dropMiddle(v.top+below, n)
	}
}

func (v *View) dropFirst(n int) {
	v.entries = slices.Delete(v.entries, 0, n)
	v.older = v.render.kind == Room
	if v.top -= n; v.top < 0 {
		v.top, v.skip = 0, 0
	}
}

func (v *View) dropMiddle(i, n int) {
	if v.entries[i-1].gap != nil {
		i, n = i-1, n+1
	}
	var missed int64
	for _, e := range v.entries[i : i+n] {
		switch {
		case e.gap != nil && e.gap.Missed > 0:
			missed += e.gap.Missed
		case e.id != 0:
			missed++
		}
	}
	g := &entry{kind: gap, at: v.entries[i].at, gap: &client.Gap{Missed: missed}}
	if slices.Contains(v.entries[i:i+n], v.mark) {
		v.mark = g
	}
	v.entries = slices.Replace(v.entries, i, i+n, g)
	g.gap.After, _ = v.around(i)
	_, g.gap.Before = v.around(i + 1)
}
