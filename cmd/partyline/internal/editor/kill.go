package editor

// maxKills is the largest number of texts in a kill ring.
const maxKills = 60

// Kills is a kill ring: the texts that were killed last. The zero value is empty.
type Kills struct {
	texts []string // the newest is last
}

// yanked is the text that Yank or YankPop inserted.
type yanked struct {
	start, end int // in the text of the line
	age        int // in the kill ring; 0 is the newest
}

// KillToStart kills the text from the start of the line to the cursor. At the start it kills the LF before.
func (l *Line) KillToStart() {
	start := l.lineStart(l.cursor)
	if start == l.cursor {
		start = before(l.text, start)
	}
	l.killLeft(start)
}

// KillToEnd kills the text from the cursor to the end of the line. At the end it kills the LF.
func (l *Line) KillToEnd() {
	end := l.lineEnd(l.cursor)
	if end == l.cursor {
		end = after(l.text, end)
	}
	l.killRight(end)
}

// KillWordLeft kills the text from the start of a word to the cursor.
func (l *Line) KillWordLeft() { l.killLeft(l.wordLeft()) }

// KillWordRight kills the text from the cursor to the end of a word.
func (l *Line) KillWordRight() { l.killRight(l.wordRight()) }

// KillFieldLeft kills the text before the cursor up to white space.
func (l *Line) KillFieldLeft() {
	l.killLeft(skipLeft(l.text, skipLeft(l.text, l.cursor, isSpace), isNoSpace))
}

// killLeft kills the text from start to the cursor. Kills without another action between them
// are one text in the kill ring.
func (l *Line) killLeft(start int) {
	if text := l.text[start:l.cursor]; text != "" {
		killed := l.killed()
		*killed = text + *killed
		l.replace(killing, start, l.cursor, "")
	}
}

// killRight kills the text from the cursor to end.
func (l *Line) killRight(end int) {
	if text := l.text[l.cursor:end]; text != "" {
		*l.killed() += text
		l.replace(killing, l.cursor, end, "")
	}
}

// killed returns the text in the kill ring that a kill adds to: a new one, or after a kill the same.
func (l *Line) killed() *string {
	if l.Kills == nil {
		l.Kills = new(Kills)
	}
	k := l.Kills
	if l.last != killing {
		if len(k.texts) == maxKills {
			k.texts = append(k.texts[:0], k.texts[1:]...)
		}
		k.texts = append(k.texts, "")
		l.last = killing
	}
	return &k.texts[len(k.texts)-1]
}

// Yank inserts the text that was killed last.
func (l *Line) Yank() {
	if l.Kills != nil && len(l.Kills.texts) > 0 {
		l.yank(l.cursor, l.cursor, 0)
	}
}

// YankPop replaces the text that Yank inserted just before with the text that was killed before it.
func (l *Line) YankPop() {
	if l.last == yanking {
		l.yank(l.yanked.start, l.yanked.end, (l.yanked.age+1)%len(l.Kills.texts))
	}
}

func (l *Line) yank(from, to, age int) {
	text := l.Kills.texts[len(l.Kills.texts)-1-age]
	l.replace(yanking, from, to, text)
	l.yanked = yanked{from, from + len(text), age}
}
