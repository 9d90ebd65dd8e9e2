package editor

// Left moves the cursor before the previous character.
func (l *Line) Left() { l.moveTo(before(l.text, l.cursor)) }

// Right moves the cursor after the next character.
func (l *Line) Right() { l.moveTo(after(l.text, l.cursor)) }

// WordLeft moves the cursor to the start of a word. A word is letters, digits and underscores.
func (l *Line) WordLeft() { l.moveTo(l.wordLeft()) }

// WordRight moves the cursor to the end of a word.
func (l *Line) WordRight() { l.moveTo(l.wordRight()) }

// Home moves the cursor to the start of its line.
func (l *Line) Home() { l.moveTo(l.lineStart(l.cursor)) }

// End moves the cursor to the end of its line.
func (l *Line) End() { l.moveTo(l.lineEnd(l.cursor)) }

// Up moves the cursor to the line above. On the first line it shows the previous entry of the
// history. The text that it replaces is kept, with its changes, until Take: Down shows it again.
func (l *Line) Up() {
	start := l.lineStart(l.cursor)
	if start == 0 {
		l.previous()
		return
	}
	l.moveTo(l.column(l.lineStart(start-1), l.distance(start)))
}

// Down moves the cursor to the line below. On the last line it shows the next entry of the
// history, and after the newest the text that was there before.
func (l *Line) Down() {
	end := l.lineEnd(l.cursor)
	if end == len(l.text) {
		l.next()
		return
	}
	l.moveTo(l.column(end+1, l.distance(l.lineStart(l.cursor))))
}

// distance returns the number of characters from the start of a line to the cursor.
func (l *Line) distance(start int) int {
	n := 0
	for ; start < l.cursor; n++ {
		start = after(l.text, start)
	}
	return n
}

// column returns the position n characters after the start of a line, or the end of the line.
func (l *Line) column(start, n int) int {
	end := l.lineEnd(start)
	for ; n > 0 && start < end; n-- {
		start = after(l.text, start)
	}
	return start
}

func (l *Line) wordLeft() int {
	return skipLeft(l.text, skipLeft(l.text, l.cursor, isNoWord), isWord)
}

func (l *Line) wordRight() int {
	return skipRight(l.text, skipRight(l.text, l.cursor, isNoWord), isWord)
}
