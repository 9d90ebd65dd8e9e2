package transcript

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mentions returns the places of a name in a text, in a style. An @ before the name belongs to it.
func mentions(spans []span, text, name string, style sgr) []span {
	for at := 0; ; {
		start, end := findName(text, name, at)
		if start < 0 {
			return spans
		}
		at = end
		if start > 0 && text[start-1] == '@' {
			start--
		}
		spans = append(spans, span{start, end, style})
	}
}

// findName returns where the name is as a word after an offset; start is -1 if it is not.
func findName(text, name string, from int) (start, end int) {
	first, _ := utf8.DecodeRuneInString(name)
	if name == "" {
		return -1, 0
	}
	for i := from; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if sameLetter(r, first) {
			if n := foldedPrefix(text[i:], name); n > 0 && alone(text, i, i+n) {
				return i, i + n
			}
		}
		i += size
	}
	return -1, 0
}

// foldedPrefix returns how many bytes of s equal the name without regard to case, or 0.
func foldedPrefix(s, name string) int {
	n := 0
	for _, want := range name {
		r, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 || !sameLetter(r, want) {
			return 0
		}
		n += size
	}
	return n
}

func sameLetter(a, b rune) bool { return a == b || unicode.ToLower(a) == unicode.ToLower(b) }

// alone reports whether a part of a text is no part of a longer name or word.
func alone(text string, start, end int) bool {
	before, size := utf8.DecodeLastRuneInString(text[:start])
	first, _ := utf8.DecodeRuneInString(text[start:])
	if joins(before, first) {
		return false
	}
	if before == '-' || before == '.' {
		earlier, _ := utf8.DecodeLastRuneInString(text[:start-size])
		if joins(earlier, first) {
			return false
		}
	}
	after, size := utf8.DecodeRuneInString(text[end:])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	if joins(last, after) {
		return false
	}
	if after == '-' || after == '.' {
		later, _ := utf8.DecodeRuneInString(text[end+size:])
		return !joins(last, later)
	}
	return true
}

// joins reports whether two characters next to each other belong to one word. Chinese, Japanese and Thai have
// no spaces between words: any two of their characters may belong to two words.
func joins(a, b rune) bool {
	return inName(a) && inName(b) && !unspaced(a) && !unspaced(b)
}

func inName(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func unspaced(r rune) bool {
	return r >= 0xe00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// links returns the places of web addresses in a text, in a style.
func links(text string, style sgr) (spans []span) {
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			return spans
		}
		start, end := at+i, at+i+len("://")
		for start > at && isScheme(text[start-1]) {
			start--
		}
		for end < len(text) && text[end] > ' ' && !strings.ContainsRune("<>\"`", rune(text[end])) {
			_, size := utf8.DecodeRuneInString(text[end:])
			end += size
		}
		at = end
		end = start + len(trimAddress(text[start:end]))
		if name, rest, _ := strings.Cut(text[start:end], "://"); name != "" && rest != "" {
			spans = append(spans, span{start, end, style})
		}
	}
}

// trimAddress removes the punctuation at the end of an address that belongs to the sentence around it.
func trimAddress(s string) string {
	unopened := map[rune]int{
		')': strings.Count(s, ")") - strings.Count(s, "("),
		']': strings.Count(s, "]") - strings.Count(s, "["),
	}
	for s != "" {
		last, size := utf8.DecodeLastRuneInString(s)
		if unopened[last] > 0 {
			unopened[last]--
		} else if !strings.ContainsRune(".,:;!?'*、。，！？）」』】", last) {
			break
		}
		s = s[:len(s)-size]
	}
	return s
}

func isScheme(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
}
