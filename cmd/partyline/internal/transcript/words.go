package transcript

import (
	"slices"
	"strings"
	"unicode"
)

// found returns the places of searched words in a text, in a style. A searched word matches the start of a word
// in the text, or any part of it if no word starts with it.
func found(text, words string, style sgr) (spans []span) {
	for _, word := range strings.FieldsFunc(words, func(r rune) bool { return !inName(r) }) {
		inside := matches(text, word, style, true)
		if inside == nil {
			inside = matches(text, word, style, false)
		}
		spans = append(spans, inside...)
	}
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	apart := spans[:0]
	for _, s := range spans {
		if len(apart) > 0 && s.start < apart[len(apart)-1].end {
			last := &apart[len(apart)-1]
			last.end = max(last.end, s.end)
			continue
		}
		apart = append(apart, s)
	}
	return apart
}

// matches returns the places of a word, of those at the start of a word in the text only if starts is set.
func matches(text, word string, style sgr, starts bool) (spans []span) {
	before := ' '
	end := 0
	for i, r := range text {
		begins := !unicode.IsLetter(before) && !unicode.IsDigit(before)
		before = r
		if i < end || starts && !begins {
			continue
		}
		if n := foldedPrefix(text[i:], word); n > 0 {
			end = i + n
			spans = append(spans, span{i, end, style})
		}
	}
	return spans
}
