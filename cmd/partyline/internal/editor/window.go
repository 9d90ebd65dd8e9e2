package editor

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// A Window is the part of a text that a screen shows.
type Window struct {
	Rows        []string // at least one; none is wider than the window
	Row, Column int      // of the cursor; Column is in cells from 0, less than the width
}

// The characters that stand for others.
const (
	shownLF     = "⏎"
	shownTAB    = "⇥"
	shownWide   = "?" // a character that is wider than the window
	shownNoBase = "◌" // the base of a mark that has none
)

// A cell is a character of a text and what the screen shows for it.
type cell struct {
	at      int // in the text
	shown   string
	width   int  // in cells of the terminal
	newline bool // whether a row ends after it
}

// Window returns the part of the text around the cursor that fits into a number of cells and
// rows. A window of one row shows a part of the text. A higher one wraps the text, and has as many
// rows as the text needs, up to height. The cursor has a cell of its own after the end of the text.
// LF is shown as ⏎, TAB as ⇥, and a mark without a base with ◌.
//
// The method must be the one that the terminal and its renderer use: ansi.WcWidth unless the
// terminal has the mode 2027 (Unicode core), and ansi.GraphemeWidth with it.
func (l *Line) Window(width, height int, m ansi.Method) Window {
	width = max(width, 1)
	cells := l.cells(width, m)
	if height <= 1 {
		return l.oneRow(cells, width)
	}
	return l.wrap(cells, width, height)
}

// oneRow returns a window of one row. The cursor is in its middle, unless the text starts or ends there.
func (l *Line) oneRow(cells []cell, width int) Window {
	total, cursor, under := 0, 0, 1
	for _, c := range cells {
		if c.at == l.cursor {
			cursor, under = total, max(c.width, 1)
		}
		total += c.width
	}
	start := max(0, min(cursor-(width-under)/2, total-width))
	var row strings.Builder
	column, at := cursor-start, 0
	for _, c := range cells {
		switch {
		case at < start && at+c.width > start: // half of a wide character
			column -= at + c.width - start
		case at >= start && at+c.width <= start+width:
			row.WriteString(c.shown)
		}
		at += c.width
	}
	return Window{[]string{row.String()}, 0, column}
}

// wrap returns a window of several rows. The cursor is in its middle, unless the text starts or ends there.
func (l *Line) wrap(cells []cell, width, height int) Window {
	var w Window
	var row strings.Builder
	used := 0
	endRow := func() {
		w.Rows = append(w.Rows, row.String())
		row.Reset()
		used = 0
	}
	for _, c := range cells {
		if used+max(c.width, 1) > width { // the cursor takes a cell, even on a character of no width
			endRow()
		}
		if c.at == l.cursor {
			w.Row, w.Column = len(w.Rows), used
		}
		row.WriteString(c.shown)
		used += c.width
		if c.newline {
			endRow()
		}
	}
	endRow()
	top := max(0, min(w.Row-height/2, len(w.Rows)-height))
	w.Rows = w.Rows[top:min(top+height, len(w.Rows))]
	w.Row -= top
	return w
}

// cells returns the characters of the text, and at last an empty cell for a cursor at the end.
func (l *Line) cells(width int, m ansi.Method) []cell {
	cells := make([]cell, 0, len(l.text)+1)
	alone := true // whether the character follows none that it could join
	for at, end := 0, 0; at < len(l.text); at = end {
		end = after(l.text, at)
		c := cell{at: at, shown: l.text[at:end], width: 1, newline: l.text[at] == '\n'}
		switch {
		case c.newline:
			c.shown = shownLF
		case l.text[at] == '\t':
			c.shown = shownTAB
		case alone && joins("x", c.shown):
			c.shown = shownNoBase + c.shown
		}
		if end < len(l.text) && isSymbol(l.text[end]) && joins(c.shown, shownLF) {
			c.shown += shownNoBase
		}
		if len(c.shown) > 1 {
			c.width = m.StringWidth(c.shown)
		}
		if c.width > width {
			c.shown, c.width = shownWide, 1
		}
		cells = append(cells, c)
		alone = isSymbol(l.text[at])
	}
	return append(cells, cell{at: len(l.text), width: 1})
}

// isSymbol reports whether a symbol is shown for the character c, because it has no form.
func isSymbol(c byte) bool { return c == '\n' || c == '\t' }

// joins reports whether the character a and what follows it are one character.
func joins(a, b string) bool {
	first, _ := ansi.FirstGraphemeCluster(a+b, ansi.WcWidth)
	return len(first) > len(a)
}
