package editor

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// pieces are the texts that FuzzEdit inserts. Many join their neighbours.
var pieces = []string{
	"a", " ", "word", "\n", "\t", "two\nlines", "世", "界界", accent, "\u0301", "\u0301\u0302", family,
	"👩", "\u200d", "🇨", "🇭", flag, "\ufe0f", "🏽", "स्", "ते", "\u1100", "\u1161", "\u0600", "שלום", "ا", "\u200b", "\u200e",
	"\u00ad", "\r", "\r\n", "\x1b[31m", "\x1b", "\x00", "\x9b", "\u202e", "\u2028", "\xff", "a\xcc", "/", "/join ", "#", "al", "",
}

// edits are the methods that FuzzEdit calls.
var edits = []string{
	"left", "right", "home", "end", "wordleft", "wordright", "up", "down", "previous", "next", "backspace", "delete",
	"transpose", "killstart", "killend", "killfield", "killleft", "killright", "yank", "pop", "undo",
}

// FuzzEdit calls a method or inserts a piece for each byte, and compares with the model.
func FuzzEdit(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03"))
	for i := range 200 {
		f.Add([]byte{byte(i), byte(i * 7), byte(i * 13), byte(i * 31), byte(i * 61), byte(i * 101), byte(i * 151), byte(i * 211)})
	}
	f.Fuzz(func(t *testing.T, calls []byte) {
		if len(calls) > maxUndo/2 { // a completion can be two changes
			return
		}
		l := Line{History: historyOf("one", family+"\n"+flag)}
		var c Completion
		for _, b := range calls {
			if len(l.Text()) > 500 {
				break // kill and yank could double it without end
			}
			m, kind := newModel(&l), l.last
			switch i := int(b); {
			case i < len(pieces):
				l.Insert(pieces[i])
				m.insert(pieces[i])
				m.check(t, &l, "insert "+pieces[i])
			case i < len(pieces)+len(edits):
				name := edits[i-len(pieces)]
				do(&l, name)
				m.edit(name)
				m.check(t, &l, name)
				if strings.HasPrefix(name, "kill") && kind != killing {
					checkYank(t, l, m.before)
				}
			case i%2 == 0:
				c.Next(&l, candidates)
			default:
				c.Previous(&l, candidates)
			}
			checkText(t, &l)
			checkWindow(t, &l, int(b)%11, int(b)%4)
		}
		for range calls {
			l.Undo()
			l.Undo()
			checkText(t, &l)
		}
		if l.Text() != "" || l.Cursor() != 0 {
			t.Fatalf("undo left %q", show(&l))
		}
	})
}

// A model is the text and the cursor of a line, and the positions between its characters.
type model struct {
	before string // the text before the change
	text   string
	cursor int
	known  bool // whether the model knows what the change does
}

func newModel(l *Line) *model { return &model{l.Text(), l.Text(), l.Cursor(), true} }

// bounds returns all positions between two characters.
func (m *model) bounds() []int {
	bounds := []int{0}
	for at := 0; at < len(m.text); bounds = append(bounds, at) {
		first, _ := ansi.FirstGraphemeCluster(m.text[at:], ansi.GraphemeWidth)
		at += len(first)
	}
	return bounds
}

// near returns the position between two characters that is n after the cursor.
func (m *model) near(n int) int {
	bounds := m.bounds()
	i, _ := slices.BinarySearch(bounds, m.cursor)
	return bounds[max(0, min(i+n, len(bounds)-1))]
}

func (m *model) replace(from, to int, s string) {
	m.text = m.text[:from] + s + m.text[to:]
	m.cursor = from + len(s)
	m.cursor = m.near(0)
}

func (m *model) insert(s string) { m.replace(m.cursor, m.cursor, cleanText(s)) }

func (m *model) edit(name string) {
	start := strings.LastIndex(m.text[:m.cursor], "\n") + 1
	end := len(m.text)
	if i := strings.Index(m.text[m.cursor:], "\n"); i >= 0 {
		end = m.cursor + i
	}
	switch name {
	case "left":
		m.cursor = m.near(-1)
	case "right":
		m.cursor = m.near(+1)
	case "home":
		m.cursor = start
	case "end":
		m.cursor = end
	case "backspace":
		m.replace(m.near(-1), m.cursor, "")
	case "delete":
		m.replace(m.cursor, m.near(+1), "")
	case "killstart":
		if start == m.cursor {
			start = m.near(-1)
		}
		m.replace(start, m.cursor, "")
	case "killend":
		if end == m.cursor {
			end = m.near(+1)
		}
		m.replace(m.cursor, end, "")
	default:
		m.known = false
	}
}

func (m *model) check(t *testing.T, l *Line, call string) {
	t.Helper()
	if m.known && (m.text != l.Text() || m.cursor != l.Cursor()) {
		t.Fatalf("%q, %q: %q, want %q at %d", m.before, call, show(l), m.text, m.cursor)
	}
}

// checkYank checks that Yank restores the text before a kill, unless the kill moved the cursor
// because the characters on both sides became one.
func checkYank(t *testing.T, l Line, before string) {
	t.Helper()
	if l.Text() == before || !strings.HasPrefix(before, l.Text()[:l.Cursor()]) {
		return
	}
	l.undo = slices.Clip(l.undo)
	if l.Yank(); l.Text() != before {
		t.Fatalf("killed in %q, yanked %q", before, l.Text())
	}
}

// checkText checks that the text is clean and that the cursor is between two characters.
func checkText(t *testing.T, l *Line) {
	t.Helper()
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if text := l.Text(); !utf8.ValidString(text) || strings.ContainsFunc(text, control) || strings.ContainsAny(text, "\u2028\u202e") {
		t.Fatalf("%q is not clean", text)
	}
	if m := newModel(l); !slices.Contains(m.bounds(), l.Cursor()) {
		t.Fatalf("the cursor is in a character: %q", show(l))
	}
}

// checkWindow checks that no row is wider than the window, that the cursor is in the window and
// between two characters, and that the rows are a part of what the cells show.
func checkWindow(t *testing.T, l *Line, width, height int) {
	t.Helper()
	for _, method := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
		w := l.Window(width, height, method)
		if w.Row < 0 || w.Row >= len(w.Rows) || w.Column < 0 || w.Column >= max(width, 1) || len(w.Rows) > max(height, 1) {
			t.Fatalf("%q in %dx%d (%d): %q %d:%d", show(l), width, height, method, w.Rows, w.Row, w.Column)
		}
		for i, row := range w.Rows {
			column, found := 0, false
			for rest := row; rest != ""; {
				found = found || i == w.Row && column == w.Column
				first, n := ansi.FirstGraphemeCluster(rest, method)
				column += n
				rest = rest[len(first):]
			}
			found = found || column == w.Column
			if n := method.StringWidth(row); n > max(width, 1) || n != column || i == w.Row && !found {
				t.Fatalf("%q in %dx%d (%d): row %d has %d cells: %q %d:%d", show(l), width, height, method, i, n, w.Rows, w.Row, w.Column)
			}
		}
		var shown strings.Builder
		total := 0
		for _, c := range l.cells(max(width, 1), method) {
			shown.WriteString(c.shown)
			total += c.width
		}
		if !strings.Contains(shown.String(), strings.Join(w.Rows, "")) || method.StringWidth(shown.String()) != total-1 {
			t.Fatalf("%q in %dx%d (%d): %q of %q, %d cells", show(l), width, height, method, w.Rows, shown.String(), total)
		}
	}
}
