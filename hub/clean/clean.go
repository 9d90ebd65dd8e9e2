package clean

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// maxMarks bounds the marks behind one character of a text: those of Mn and Me, which have
// no width and pile up, over the lines above and below too. No writing takes so many.
const maxMarks = 8

// Clean makes a text safe to show on any terminal and page. It removes complete escape
// sequences that start with ESC. Of what is left, every control character but TAB and LF,
// the line and paragraph separators, and the bidirectional overrides and isolates become
// U+FFFD, and the first eight of the marks after one character stay. A clean text is
// returned as it is, without copying.
//
// Each line of a text is cleaned as if it were alone.
func Text(s string) string { return replaceUnsafe(stripANSI(s)) }

// replaceUnsafe does what Clean does, except that it shows escape sequences, with U+FFFD for
// the ESC.
func replaceUnsafe(s string) string {
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

// Visible reports whether a text that is not cleaned yet has a character that can be seen.
// Escape sequences and what Clean replaces do not count.
func Visible(s string) bool {
	return strings.ContainsFunc(stripANSI(s), func(r rune) bool {
		return !unicode.IsSpace(r) && !unsafeRune(r) && !invisible(r)
	})
}

// ignorable are the characters that Unicode shows as nothing: Default_Ignorable_Code_Point,
// as Unicode derives it, but for a few Cf that have a shape.
var ignorable = rangetable.Merge(unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf)

// invisible reports the characters that show nothing and are no white space.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0x2800: // a Braille pattern without dots
		return true
	}
	return unicode.Is(ignorable, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) &&
		(r < 0xfff9 || r > 0xfffb) && (r < 0x13430 || r > 0x1343f) // annotations, hieroglyphs
}

// QuoteMax is the usual bound, in bytes, for what an answer quotes of a request.
const QuoteMax = 32

// Quote makes one clean line of what somebody sent, of not much more than most bytes, to
// tell it back or to log it. It shows escape sequences, which Clean removes: a name that is
// unknown because of one must not look like a known one.
func Quote(s string, most int) string {
	for i := range s {
		if i >= most {
			s = s[:i] + "…"
			break
		}
	}
	return replaceUnsafe(strings.ReplaceAll(s, "\n", " "))
}
