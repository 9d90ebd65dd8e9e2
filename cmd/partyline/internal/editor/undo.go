package editor

import "slices"

// Undo takes back at most this many steps, and fewer if the texts that it keeps for them are long.
const (
	maxUndo      = 1000
	maxUndoBytes = 1 << 20
)

// A state is what Undo restores.
type state struct {
	text   string
	cursor int
}

// Undo takes back the last change. A word that was typed, with the space after it, is one change,
// and so is a run of Backspace and Delete. Undo itself can't be undone.
func (l *Line) Undo() {
	if n := len(l.undo); n > 0 {
		l.text, l.cursor = l.undo[n-1].text, l.undo[n-1].cursor
		l.undo = l.undo[:n-1]
	}
	l.last = other
}

// remember starts a change.
func (l *Line) remember() {
	l.undo = append(l.undo, state{l.text, l.cursor})
	size := 0
	for i := len(l.undo) - 1; i >= 0; i-- {
		size += len(l.undo[i].text)
		if len(l.undo)-i > maxUndo || size > maxUndoBytes {
			l.undo = slices.Delete(l.undo, 0, i+1)
			return
		}
	}
}

// continues reports whether an action that inserts s belongs to the last change.
func (l *Line) continues(a action, s string) bool {
	switch {
	case a != l.last:
		return false
	case a == typing:
		return isBlank(s[0]) || !isBlank(l.text[l.cursor-1])
	}
	return a == erasing
}

// isBlank reports whether c is a space, TAB or LF.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }
