package transcript

// position is what part of the entries is shown.
type position struct {
	width, height int
	follow        bool  // the end is shown, also when something is added
	top           int   // index of the first entry on the screen; of the last call of Lines if follow is set
	skip          int   // lines of it that are above the screen
	chosen        int64 // id of the highlighted message; 0 if there is none
	seeking       bool  // the chosen message is not loaded yet
	filled        int   // entries that have lines
}

// Lines returns the lines that are shown on a screen of a width in cells and a height in lines. There are exactly
// height lines: if there is less to show, the first ones are empty.
func (v *View) Lines(width, height int) []string {
	v.resize(width, height)
	if !v.follow {
		v.limit()
	}
	if v.follow {
		v.top, v.skip = v.up(v.size(), 0, v.height)
	}
	lines := make([]string, 0, v.height)
	skip := v.skip
	for i := v.top; i < v.size() && len(lines) < v.height; i++ {
		block := v.block(i)[skip:]
		lines = append(lines, block[:min(len(block), v.height-len(lines))]...)
		skip = 0
	}
	if missing := v.height - len(lines); missing > 0 {
		lines = append(make([]string, missing, v.height), lines...)
	}
	return lines
}

func (v *View) resize(width, height int) {
	width, height = max(width, 1), max(height, 0)
	if width != v.width {
		v.look++
		v.render.layout = newLayout(width)
	}
	v.width, v.height = width, height
}

// AtEnd reports whether the end is shown, so that the next message is, too.
func (v *View) AtEnd() bool { return v.follow }

// ToEnd shows the end, and ends what JumpTo began.
func (v *View) ToEnd() {
	v.follow, v.chosen = true, 0
	v.readIfSeen()
}

// ToTop shows the oldest entry.
func (v *View) ToTop() { v.show(0, 0) }

// ToUnread shows the unread separator and reports whether there is one.
func (v *View) ToUnread() bool {
	for i, e := range v.entries {
		if e == v.mark {
			v.show(i, 0)
			return true
		}
	}
	return false
}

// ScrollUp shows what is n lines further up.
func (v *View) ScrollUp(n int) {
	if v.follow {
		v.top, v.skip = v.up(v.size(), 0, v.height)
	}
	v.show(v.up(v.top, v.skip, n))
}

// ScrollDown shows what is n lines further down.
func (v *View) ScrollDown(n int) {
	if v.follow {
		return
	}
	v.show(v.down(v.top, v.skip, n))
}

// PageUp and PageDown scroll by a screen, and leave two lines of it.
func (v *View) PageUp() { v.ScrollUp(v.page()) }

// PageDown is described with PageUp.
func (v *View) PageDown() { v.ScrollDown(v.page()) }

func (v *View) page() int { return max(v.height-2, 1) }

// show moves the first line of the screen to a line of an entry.
func (v *View) show(top, skip int) {
	v.follow, v.top, v.skip = false, top, skip
	v.limit()
}

// limit follows the end if it is on the screen.
func (v *View) limit() {
	v.top = max(min(v.top, v.size()-1), 0)
	if v.size() > 0 {
		v.skip = min(v.skip, len(v.block(v.top))-1)
	}
	below := -v.skip
	for i := v.top; i < v.size() && below <= v.height; i++ {
		below += len(v.block(i))
	}
	if below <= v.height {
		v.follow = true
		v.readIfSeen()
	}
}

// up returns the position n lines above a line of an entry, or the first one.
func (v *View) up(i, skip, n int) (top, rest int) {
	for n > skip && i > 0 {
		n -= skip
		i--
		skip = len(v.block(i))
	}
	return i, max(skip-n, 0)
}

// down returns the position n lines below a line of an entry.
func (v *View) down(i, skip, n int) (top, rest int) {
	for i < v.size() && skip+n >= len(v.block(i)) {
		n -= len(v.block(i)) - skip
		i, skip = i+1, 0
	}
	return i, skip + n
}

// size returns the number of entries, with the pending ones.
func (v *View) size() int { return len(v.entries) + len(v.pending) }

func (v *View) entry(i int) *entry {
	if i < len(v.entries) {
		return v.entries[i]
	}
	return v.pending[i-len(v.entries)]
}

// block returns the lines of an entry; there is at least one.
func (v *View) block(i int) []string {
	e, ctx := v.entry(i), v.context(i)
	if e.lines != nil && e.shown == ctx {
		return e.lines
	}
	if e.lines == nil {
		v.forget()
		v.filled++
	}
	e.lines, e.shown = v.render.lines(e, ctx), ctx
	return e.lines
}

// forget drops the lines of all entries if there are many.
func (v *View) forget() {
	const most = 4096
	if v.filled < most {
		return
	}
	v.filled = 0
	for _, e := range v.entries {
		e.lines = nil
	}
}

func (v *View) context(i int) context {
	e := v.entry(i)
	var ctx context
	if i > 0 {
		ctx = after(v.entry(i-1), e, v.render.zone)
	} else {
		ctx.newDay = true
	}
	ctx.look = v.look
	ctx.firstNew = e == v.mark
	ctx.chosen = e.id != 0 && e.id == v.chosen
	ctx.pending = i >= len(v.entries)
	if ctx.firstNew || v.render.kind == Results {
		ctx.continued = false
	}
	return ctx
}
