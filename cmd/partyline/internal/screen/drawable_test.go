package screen

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestDrawable(t *testing.T) {
	const family = "👩\u200d👩\u200d👧\u200d👦"
	for _, c := range []struct {
		text   string
		method ansi.Method
		want   string
	}{
		{"plain", ansi.WcWidth, "plain"},
		{"e\u0301te\u0301", ansi.WcWidth, "été"},
		{"e\u0323\u0302!", ansi.WcWidth, "ệ!"},
		{"x\u0301y", ansi.WcWidth, "xy"}, // there is no such character
		{"\x1b[1me\u0301\x1b[m", ansi.WcWidth, "\x1b[1mé\x1b[m"},
		{"\x1b[1m\u0301a", ansi.WcWidth, "\x1b[1m\u0301a"}, // a mark does not belong to an escape sequence
		{"a\x1b[1m\u0301", ansi.WcWidth, "a\x1b[1m\u0301"},
		{"ก็ and ✊🏿", ansi.WcWidth, "ก็ and ✊🏿"},
		{"<" + family + ">", ansi.WcWidth, "<👩\x1b\\👩\x1b\\👧\x1b\\👦>"},
		{"<" + family + ">", ansi.GraphemeWidth, "<" + family + ">"},
		{"e\u0301", ansi.GraphemeWidth, "é"},
	} {
		if got := drawable(c.text, c.method); got != c.want {
			t.Errorf("%q with method %d became %q, want %q", c.text, c.method, got, c.want)
		}
	}
}

// FuzzDrawable checks that the renderer draws all of a text, except marks that can't be composed with a letter.
func FuzzDrawable(f *testing.F) {
	for _, s := range []string{"e\u0301", "👩\u200d👩\u200d👧\u200d👦", "क्ष्म्यांक्ष्म्यां", "1\ufe0f\u20e3", "\x1b[31me\u0301\x1b[m", "a\u200d\u200db", "\u1100\u1161\u11a8", "a\u0903", "\u0600a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(strings.Map(func(r rune) rune {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				return -1 // the transcript and the editor leave no control character
			}
			return r
		}, s), "")
		for _, m := range []ansi.Method{ansi.WcWidth, ansi.GraphemeWidth} {
			decode := ansi.DecodeSequence[string]
			if m == ansi.WcWidth {
				decode = ansi.DecodeSequenceWc[string]
			}
			got, sum := drawable(s, m), 0
			var state byte
			for rest := got; rest != ""; {
				part, width, n, next := decode(rest, state, nil)
				if width > widest {
					t.Errorf("%q became %q, of which %q has %d cells", s, got, part, width)
				}
				sum += width
				rest, state = rest[n:], next
			}
			if want := m.StringWidth(s); sum != want {
				t.Errorf("%q has %d cells, but %q has %d", s, want, got, sum)
			}
		}
	})
}
