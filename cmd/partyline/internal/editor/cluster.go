package editor

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// cluster returns the length in bytes of the first character of s, which starts between two
// characters and is not empty.
func cluster(s string) int {
	if s[0] < utf8.RuneSelf && (len(s) == 1 || s[1] < utf8.RuneSelf) {
		return 1 // no text has CR LF
	}
	first, _ := ansi.FirstGraphemeCluster(s, ansi.WcWidth)
	return len(first)
}

// boundary returns the first position between two characters of text that is not before i.
func boundary(text string, i int) int {
	at := strings.LastIndexByte(text[:i], '\n') + 1
	for at < i {
		at += cluster(text[at:])
	}
	return at
}

// before returns the start of the character before i, a position between two characters, or 0.
func before(text string, i int) int {
	if i == 0 {
		return 0
	}
	at := strings.LastIndexByte(text[:i-1], '\n') + 1
	for {
		next := at + cluster(text[at:])
		if next >= i {
			return at
		}
		at = next
	}
}

// after returns the end of the character after i, a position between two characters, or the end.
func after(text string, i int) int {
	if i == len(text) {
		return i
	}
	return i + cluster(text[i:])
}

// isWord reports whether the character at the start of s belongs to a word.
func isWord(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || unicode.In(r, unicode.Letter, unicode.Number, unicode.Mark)
}

// isSpace reports whether the character at the start of s is white space.
func isSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

func isNoWord(s string) bool  { return !isWord(s) }
func isNoSpace(s string) bool { return !isSpace(s) }

// skipLeft returns the start of the run of characters before i for which f holds.
func skipLeft(text string, i int, f func(string) bool) int {
	for i > 0 {
		start := before(text, i)
		if !f(text[start:]) {
			break
		}
		i = start
	}
	return i
}

// skipRight returns the end of the run of characters after i for which f holds.
func skipRight(text string, i int, f func(string) bool) int {
	for i < len(text) && f(text[i:]) {
		i = after(text, i)
	}
	return i
}
