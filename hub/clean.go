package hub

import (
	"strings"
	"unicode"
)

// Clean makes a text safe to show on any terminal and page: every control character but
// TAB and LF, the line and paragraph separators, and the bidirectional overrides and
// isolates become U+FFFD. A clean text is returned as it is, without copying.
func Clean(s string) string {
	for i, r := range s {
		if unsafeRune(r) {
			return s[:i] + strings.Map(replaceUnsafe, s[i:])
		}
	}
	return s
}

func replaceUnsafe(r rune) rune {
	if unsafeRune(r) {
		return unicode.ReplacementChar
	}
	return r
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

// visible reports whether s has a character that can be seen, before it is cleaned.
func visible(s string) bool {
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
