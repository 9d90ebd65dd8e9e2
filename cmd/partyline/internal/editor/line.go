package editor

import (
	"strings"

	"partyline/hub/clean"
)

// A Line is a text and a cursor. The text may contain LF, and then has several lines. It contains
// no other control character but TAB. The zero value is an empty line.
type Line struct {
	// Kills is the kill ring. Lines may share one. If it is nil, the first kill makes one.
	Kills *Kills
	// History is what Up and Down show, and what Take adds to. Lines may share one. If it
	// is nil, the first call of Take makes one.
	History *History

	text   string
	cursor int // an offset in text, in bytes, between two characters
	undo   []state
	last   action
	yanked yanked
	recall recall
}

// An action is what the last method did, if the next one depends on it.
type action uint8

const (
	other   action = iota
	typing         // inserted a character
	erasing        // removed text without keeping it
	killing        // moved text to the kill ring
	yanking        // inserted text of the kill ring
)

// Text returns the text.
func (l *Line) Text() string { return l.text }

// Cursor returns the position of the cursor in the text, in bytes.
func (l *Line) Cursor() int { return l.cursor }

// Insert inserts a text at the cursor, which moves to its end. CR and CR LF become LF. Insert
// cleans the text: it has no control character afterwards, and no escape sequence.
func (l *Line) Insert(s string) {
	a := other
	if s = cleanText(s); s != "" && cluster(s) == len(s) {
		a = typing
	}
	l.replace(a, l.cursor, l.cursor, s)
}

// SetText replaces the whole text, cleaned like that of Insert, and moves the cursor to its end.
func (l *Line) SetText(s string) {
	l.replace(other, 0, len(l.text), cleanText(s))
}

// Take returns the text, adds it to the history, and empties the line. It can't be undone.
func (l *Line) Take() string {
	text := l.text
	if l.History == nil {
		l.History = new(History)
	}
	l.History.Add(text)
	*l = Line{Kills: l.Kills, History: l.History}
	return text
}

// cleanText returns what Insert makes of a text.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return clean.Text(strings.ReplaceAll(s, "\r", "\n"))
}

// replace replaces the bytes [from, to) of the text and moves the cursor after the new ones. It
// records what Undo needs.
func (l *Line) replace(a action, from, to int, s string) {
	if l.text[from:to] == s {
		l.moveTo(boundary(l.text, to))
		return
	}
	if !l.continues(a, s) {
		l.remember()
	}
	l.text = l.text[:from] + s + l.text[to:]
	l.cursor = boundary(l.text, from+len(s))
	l.last = a
}

// moveTo moves the cursor to a position between two characters.
func (l *Line) moveTo(i int) {
	l.cursor = i
	l.last = other
}

// lineStart returns the start of the line of the text that position i is in.
func (l *Line) lineStart(i int) int { return strings.LastIndexByte(l.text[:i], '\n') + 1 }

// lineEnd returns the end of the line of the text that position i is in, before its LF.
func (l *Line) lineEnd(i int) int {
	if n := strings.IndexByte(l.text[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(l.text)
}
