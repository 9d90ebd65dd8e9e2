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

// Words returns the words of a text as they are searched for: runs of letters, digits and
// marks, in folded case, without accents. Of scripts that put no space between words each
// character is one.
func Words(text string) []string {
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
		case accent(r):
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

// accent reports whether a mark is one of those that search leaves out. Marks of other
// blocks may be vowels.
func accent(r rune) bool { return r >= 0x300 && r <= 0x36F }

var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// A Query is what is searched for: messages that have each of its phrases, in their text
// or in the name of who said them.
type Query struct {
	phrases [][]string
}

// A query has at most maxPhrases of maxPhrase words; more are left out. So a look at a
// message takes no longer than that is long.
const (
	maxPhrases = 16
	maxPhrase  = 32
)

// NewQuery makes a query out of words as a person writes them, parted by white space, or
// returns nil where there is no word in it. What one of them consists of ("foo-bar", or
// several characters of a script without spaces) has to stand together. Its last word may
// be the beginning of one, unless it is short: very many begin with one or two letters.
func NewQuery(text string) *Query {
	q := &Query{}
	for word := range strings.FieldsSeq(text) {
		if phrase := Words(word); phrase != nil && len(q.phrases) < maxPhrases {
			q.phrases = append(q.phrases, phrase[:min(len(phrase), maxPhrase)])
		}
	}
	if q.phrases == nil {
		return nil
	}
	return q
}

// Phrases returns the phrases: words that stand behind one another. They are not to be
// changed.
func (q *Query) Phrases() [][]string { return q.phrases }

// Matches reports whether a message has all that is searched for.
func (q *Query) Matches(m *wire.Message) bool {
	words := SearchWords(m)
	for _, phrase := range q.phrases {
		if !has(words, phrase) {
			return false
		}
	}
	return true
}

// SearchWords returns the words under which a message is found.
func SearchWords(m *wire.Message) []string { return append(Words(m.From), Words(m.Text)...) }

func has(words, phrase []string) bool {
	last := len(phrase) - 1
	open := OpenEnded(phrase)
	for ; len(words) > last; words = words[1:] {
		if slices.Equal(words[:last], phrase[:last]) &&
			(words[last] == phrase[last] || open && strings.HasPrefix(words[last], phrase[last])) {
			return true
		}
	}
	return false
}

// Open reports whether the last word of a phrase may be the beginning of one.
func OpenEnded(phrase []string) bool {
	const short = 2 // characters
	return utf8.RuneCountInString(phrase[len(phrase)-1]) > short
}
