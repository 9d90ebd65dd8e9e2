package editor

// A recall is the position of a line in the history.
type recall struct {
	active bool
	at     int            // the number of the entry, if active
	draft  string         // the text that was not sent, if active
	edits  map[int]string // the entries that were changed in this line
}

// previous shows the entry of the history before the one that is shown, or the newest. The text
// that it replaces is kept: next shows it again, with its changes.
func (l *Line) previous() {
	h := l.History
	if h == nil {
		return
	}
	at := h.end()
	if l.recall.active {
		at = max(l.recall.at, h.first())
	}
	if at > h.first() {
		l.keep()
		l.show(at - 1)
	}
}

// next shows the entry of the history after the one that is shown, or at the end the text that
// was there before the first call of previous.
func (l *Line) next() {
	if l.recall.active {
		l.keep()
		l.show(max(l.recall.at+1, l.History.first()))
	}
}

// keep keeps the text of the line as a draft or as a changed entry.
func (l *Line) keep() {
	r := &l.recall
	if !r.active {
		r.draft = l.text
		return
	}
	if r.edits == nil {
		r.edits = make(map[int]string)
	}
	r.edits[r.at] = l.text
}

// show shows an entry or, after the last one, the draft.
func (l *Line) show(at int) {
	l.recall.at = at
	l.recall.active = at < l.History.end()
	text, edited := l.recall.edits[at]
	switch {
	case !l.recall.active:
		text = l.recall.draft
	case !edited:
		text = l.History.entry(at)
	}
	l.SetText(text)
}
