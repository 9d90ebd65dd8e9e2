package editor

// maxUndo is the largest number of steps that Undo takes back.
const maxUndo = 1000

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
	if len(l.undo) == maxUndo {
		l.undo = append(l.undo[:0], l.undo[1:]...)
	}
	l.undo = append(l.undo, state{l.text, l.cursor})
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
