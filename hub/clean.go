package hub

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// maxMarks bounds the marks behind one character of a text: those of Mn and Me, which have
// no width and pile up, over the lines above and below too. No writing takes so many.
const maxMarks = 8

// Clean makes a text safe to show on any terminal and page: every control character but
// TAB and LF, the line and paragraph separators, and the bidirectional overrides and
// isolates become U+FFFD; of the marks behind one character the first eight stay. A clean
// text is returned as it is, without copying.
func Clean(s string) string {
	marks := 0
	for i, r := range s {
		if r >= ' ' && r < 0x7f { // most are
			marks = 0
			continue
		}
		before := marks
		marks = 0
		if !solid(r) {
			marks = countMarks(before, r)
		}
		if marks > maxMarks || unsafeRune(r) {
			return s[:i] + cleanRest(s[i:], before)
		}
	}
	return s
}

// cleanRest cleans what stands behind a character with some marks.
func cleanRest(s string, marks int) string {
	return strings.Map(func(r rune) rune {
		if solid(r) {
			marks = 0
		} else if marks = countMarks(marks, r); marks > maxMarks {
			marks = maxMarks
			return -1
		}
		if unsafeRune(r) {
			marks = 0
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// weightless are the marks, and the characters that show nothing themselves.
var weightless = rangetable.Merge(unicode.Mn, unicode.Me, unicode.Cf)

// countMarks returns how many marks stand behind the last character that shows when r
// comes behind them. The joiners and tags of emoji are none, and nothing to stand on.
func countMarks(marks int, r rune) int {
	switch {
	case !unicode.Is(weightless, r):
		return 0
	case unicode.Is(unicode.Cf, r):
		return marks
	}
	return marks + 1
}

// solid saves most letters countMarks and its tables: it reports those of some wide ranges
// that have nothing weightless in them.
func solid(r rune) bool {
	return r < 0x300 && r != 0xad || // Latin
		0x370 <= r && r < 0x483 || // Greek and Cyrillic
		0x3100 <= r && r < 0xa66f || // Chinese
		0xac00 <= r && r < 0xfb1e || // Korean
		0x1f000 <= r && r < 0xe0000 // emoji, more Chinese
}

func unsafeRune(r rune) bool {
	switch {
	case r < ' ':
		return r != '\t' && r != '\n'
	case r < 0x7f:
		return false
	case r <= 0x9f: // DEL and C1
		return true
	case r < 0x2028:
		return false
	case r <= 0x202e: // separators, embeddings and overrides
		return true
	}
	return r >= 0x2066 && r <= 0x2069 // isolates
}

// blank reports whether s is empty or white space alone.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// Visible reports whether s has a character that can be seen, before it is cleaned.
func Visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unsafeRune(r) && !invisible(r)
	})
}

// invisible reports the characters without width, as far as somebody would fill a line
// with them (Unicode's Default_Ignorable_Code_Point, and the blank letters).
func invisible(r rune) bool {
	switch r {
	case 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x2800, 0x3164, 0xfeff, 0xffa0:
		return true
	}
	return r >= 0x200b && r <= 0x200f || r >= 0x2060 && r <= 0x2064
}

// mostQuoted bounds what somebody sent and is told back, in bytes.
const mostQuoted = 32

// Quote makes one clean line of what somebody sent, of not much more than most bytes, to
// tell it back or to log it.
func Quote(s string, most int) string {
	for i := range s {
		if i >= most {
			s = s[:i] + "…"
			break
		}
	}
	return Clean(strings.ReplaceAll(s, "\n", " "))
}
