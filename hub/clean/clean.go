// Package clean makes text from clients safe to show on any terminal, page or log line.
//
// The functions are pure and may be called from any goroutine. The package imports no other
// package of the program.
package clean

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// QuoteMax is the usual limit for Quote, in bytes.
const QuoteMax = 32

// maxMarks is the largest number of nonspacing and enclosing marks (Mn and Me) after one
// character. Marks have no width, and many of them cover the lines above and below. No
// script needs so many.
const maxMarks = 8

// Text returns a clean form of s:
//
//   - Complete escape sequences that start with ESC are removed.
//   - The other control characters except TAB and LF, the line and paragraph separators, and
//     the bidirectional embeddings, overrides and isolates become U+FFFD.
//   - After eight marks on one character, further marks are removed.
//
// Each line of s is cleaned as if it were alone. If s is clean, Text returns it without
// copying. s must be valid UTF-8.
func Text(s string) string { return replaceUnsafe(stripANSI(s)) }

// Quote returns a clean form of s on one line, for an answer or a log. It replaces the
// characters after the first max bytes of s with "…". Unlike Text, Quote shows escape
// sequences, so that a name that is unknown because of one does not look like a known name.
func Quote(s string, max int) string {
	for i := range s {
		if i >= max {
			s = s[:i] + "…"
			break
		}
	}
	return replaceUnsafe(strings.ReplaceAll(s, "\n", " "))
}

// replaceUnsafe is like Text but does not remove escape sequences.
func replaceUnsafe(s string) string {
	if Plain(s) == len(s) {
		return s
	}
	marks := 0
	for i, r := range s {
		if r >= ' ' && r < 0x7f { // the usual case
			marks = 0
			continue
		}
		before := marks
		marks = 0
		if !hasWidth(r) {
			marks = countMarks(before, r)
		}
		if marks > maxMarks || unsafeRune(r) {
			return s[:i] + cleanRest(s[i:], before)
		}
	}
	return s
}

// cleanRest cleans s, which follows a character with the given number of marks.
func cleanRest(s string, marks int) string {
	return strings.Map(func(r rune) rune {
		if hasWidth(r) {
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

// zeroWidth is the marks and the format characters.
var zeroWidth = rangetable.Merge(unicode.Mn, unicode.Me, unicode.Cf)

// countMarks returns the number of marks on the last character of a text to which r is
// appended, if the character had the given number of marks before. Format characters, such as
// the joiners and tags of emoji, do not count and do not restart the count.
func countMarks(marks int, r rune) int {
	switch {
	case !unicode.Is(zeroWidth, r):
		return 0
	case unicode.Is(unicode.Cf, r):
		return marks
	}
	return marks + 1
}

// hasWidth reports whether r is in one of a few large ranges that have no character of zero
// width. It is a fast path for most letters; a rune outside these ranges may have a width too.
func hasWidth(r rune) bool {
	return r < 0x300 && r != 0xad || // Latin
		0x370 <= r && r < 0x483 || // Greek and Cyrillic
		0x3100 <= r && r < 0xa66f || // Chinese
		0xac00 <= r && r < 0xfb1e || // Korean
		0x1f000 <= r && r < 0xe0000 // emoji, more Chinese
}

// unsafeRune reports whether Text replaces r with U+FFFD.
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
