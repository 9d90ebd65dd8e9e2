package editor

// Backspace removes the character before the cursor.
func (l *Line) Backspace() { l.replace(erasing, before(l.text, l.cursor), l.cursor, "") }

// Delete removes the character after the cursor.
func (l *Line) Delete() { l.replace(erasing, l.cursor, after(l.text, l.cursor), "") }

// Transpose swaps the characters before and after the cursor and moves it to the right. At the
// end of a line it swaps the two characters before the cursor.
func (l *Line) Transpose() {
	start, middle := l.lineStart(l.cursor), l.cursor
	if middle == l.lineEnd(middle) {
		middle = max(start, before(l.text, middle))
	}
	if middle == start {
		l.last = other
		return
	}
	left, right := before(l.text, middle), after(l.text, middle)
	l.replace(other, left, right, l.text[middle:right]+l.text[left:middle])
}
