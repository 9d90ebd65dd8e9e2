package transcript

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/text/unicode/bidi"

	"partyline/hub/clean"
)

// A cell is a character as a reader sees it: a grapheme cluster. It is the smallest part of a text that may
// have a style of its own or stand alone on a line.
type cell struct {
	text  string
	at    int // offset in the text
	width int
	class class
	glued bool // no line ends before it
	style sgr
}

// A class says between which cells a line may end.
type class uint8

const (
	letter class = iota
	space
	ideograph // a line may end before and after it
	closing   // a line does not begin with it
	opening   // a line does not end with it
)

// safe returns a text that has no control character but LF. TABs become spaces. No character of it changes
// the terminal or the direction of other text.
func safe(s string) string {
	s = clean.Text(strings.ToValidUTF8(s, "\ufffd"))
	if strings.Contains(s, "\t") {
		s = expandTabs(s)
	}
	return s
}

// safeLine is safe for what is one line.
func safeLine(s string) string { return strings.ReplaceAll(safe(s), "\n", " ") }

// expandTabs replaces each TAB by spaces up to the next eighth column, counted in code points.
func expandTabs(s string) string {
	const stop = 8
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch r {
		case '\t':
			n := stop - column%stop
			b.WriteString("        "[:n])
			column += n
		case '\n':
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String()
}

// appendCells appends the cells of a safe text without LF. None is wider than limit, which is positive: wider
// ones are divided into code points, or replaced.
func appendCells(cells []cell, text string, m ansi.Method, limit int) []cell {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf && (i+1 == len(text) || text[i+1] < utf8.RuneSelf) {
			cells = append(cells, cell{text: text[i : i+1], at: i, width: 1, class: classOf(rune(c), 1)})
			i++
			continue
		}
		cluster, width := ansi.FirstGraphemeCluster(text[i:], m)
		first, _ := utf8.DecodeRuneInString(cluster)
		if width <= limit {
			cells = append(cells, cell{text: cluster, at: i, width: width, class: classOf(first, width)})
		} else {
			cells = appendParts(cells, cluster, i, m, limit)
		}
		i += len(cluster)
	}
	return cells
}

// appendParts appends the code points of a cluster that is wider than limit.
func appendParts(cells []cell, cluster string, at int, m ansi.Method, limit int) []cell {
	for i, r := range cluster {
		part := string(r)
		width := m.StringWidth(part)
		switch {
		case width > limit:
			part, width = "?", 1
		case width == 0:
			continue // it joins what is now apart
		}
		cells = append(cells, cell{text: part, at: at + i, width: width, class: classOf(r, width)})
	}
	return cells
}

// Characters that a line does not begin or end with (from UAX 14).
const (
	closers = "!%),.:;?]}’”、。〉》」』】〕！），．：；？］｝～ー々…‥ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
	openers = "([{‘“〈《「『【〔（［｛"
)

func classOf(r rune, width int) class {
	switch {
	case r == ' ':
		return space
	case r < utf8.RuneSelf && (r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'):
		return letter
	case strings.ContainsRune(closers, r):
		return closing
	case strings.ContainsRune(openers, r):
		return opening
	case width > 1 && !unicode.Is(unicode.Hangul, r):
		return ideograph
	}
	return letter
}

// A span is a part of a text that has a style.
type span struct {
	start, end int // offsets
	style      sgr
}

// paint gives the cells in each span its style, and glues them together if lines are not to end in a span.
// The spans are in order and apart.
func paint(cells []cell, spans []span, glue bool) {
	for i := range cells {
		c := &cells[i]
		for len(spans) > 0 && spans[0].end <= c.at {
			spans = spans[1:]
		}
		if len(spans) == 0 {
			return
		}
		if s := spans[0]; c.at >= s.start {
			c.style = c.style.and(s.style)
			c.glued = c.glued || glue && c.at > s.start
		}
	}
}

// shorten returns a safe text that is at most width cells wide, and its width. A text that is wider ends
// in "…".
func shorten(text string, width int, m ansi.Method) (string, int) {
	if n := m.StringWidth(text); n <= width {
		return text, n
	}
	end, used := 0, 0
	mark := m.StringWidth("…")
	for _, c := range appendCells(nil, text, m, max(width, 1)) {
		if used+c.width+mark > width {
			break
		}
		used += c.width
		end = c.at + len(c.text)
	}
	if used+mark > width {
		return "", 0
	}
	return text[:end] + "…", used + mark
}

// rightToLeft reports whether a character belongs to a script that is written from right to left.
func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}
