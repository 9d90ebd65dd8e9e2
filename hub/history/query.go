package history

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"partyline/hub/wire"
)

// words splits a text into the words by which it is searched: runs of letters, digits and marks,
// with folded case and without accents. In scripts that put no space between words each
// character is a word, and so is each emoji.
func words(text string) []string {
	var words []string
	word := strings.Builder{}
	end := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	folded := cases.Fold().String(norm.NFKD.String(text))
	for _, r := range norm.NFKD.String(strings.ToLower(folded)) { // Cherokee folds to capitals
		switch {
		case isAccent(r):
		case unicode.In(r, spaceless...):
			end()
			words = append(words, string(r))
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			word.WriteRune(r)
		case r > unicode.MaxLatin1 && unicode.IsSymbol(r): // an emoji
			end()
			words = append(words, string(r))
		default:
			end()
		}
	}
	end()
	return words
}

// isAccent reports whether r is in the block of combining diacritical marks, which searches
// ignore. Marks of other blocks may be vowels.
func isAccent(r rune) bool { return r >= 0x300 && r <= 0x36F }

// spaceless are the scripts that put no space between words.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// A Query matches the messages that have each of its phrases in the nickname of their author
// or in their text.
type Query struct {
	phrases []Phrase
}

// A Phrase is a list of consecutive words. It has at least one.
type Phrase []string

// A Query has at most maxPhrases phrases of at most maxWords words, which bounds the time that
// it takes to check a message.
const (
	maxPhrases = 16
	maxWords   = 32
)

// NewQuery returns a query for the terms of a text, which are separated by white space, or nil
// if there is no word in the text. Each term is a Phrase: "foo-bar" matches only if the two
// words are consecutive. The same holds for several characters of a script without spaces. Terms
// and words above the limits are ignored.
func NewQuery(text string) *Query {
	q := &Query{}
	for term := range strings.FieldsSeq(text) {
		if phrase := words(term); phrase != nil && len(q.phrases) < maxPhrases {
			q.phrases = append(q.phrases, phrase[:min(len(phrase), maxWords)])
		}
	}
	if q.phrases == nil {
		return nil
	}
	return q
}

// Phrases returns the phrases. The caller must not change them.
func (q *Query) Phrases() []Phrase { return q.phrases }

// Matches reports whether a message has all phrases.
func (q *Query) Matches(m *wire.Message) bool {
	words := MessageWords(m)
	for _, phrase := range q.phrases {
		if !phrase.isIn(words) {
			return false
		}
	}
	return true
}

// MessageWords returns the words of a message that a search finds: those of the nickname of its
// author and of its text. No word contains white space, an ASCII quote or an underscore.
func MessageWords(m *wire.Message) []string { return append(words(m.From), words(m.Text)...) }

// isIn reports whether words contains the phrase.
func (p Phrase) isIn(words []string) bool {
	last := len(p) - 1
	prefix := p.IsPrefix()
	for ; len(words) > last; words = words[1:] {
		if slices.Equal(words[:last], p[:last]) &&
			(words[last] == p[last] || prefix && strings.HasPrefix(words[last], p[last])) {
			return true
		}
	}
	return false
}

// IsPrefix reports whether the last word of the phrase also matches longer words that start with
// it. Short words do not: too many words start with the same one or two letters.
func (p Phrase) IsPrefix() bool {
	const short = 2 // characters
	return utf8.RuneCountInString(p[len(p)-1]) > short
}
