package editor

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Candidates is what a word can be completed to, the best first.
type Candidates struct {
	Names    []string // of members, such as those that spoke last first
	Rooms    []string // without #
	Commands []string // without the slash
}

// A Completion completes the word before the cursor of a line. The zero value is ready.
//
// A name at the start of the text gets a colon, as in "alice: ". A word that starts with #, and
// the argument of /join, is a room. The first word after a slash is a command. Case does not matter.
type Completion struct {
	words    []string // the candidates
	selected int      // the index in words of the one in the line, or -1
	start    int      // where the word starts in the text
	suffix   string   // follows a complete word
	text     string   // the line after the last completion; if it has changed, a new one starts
	cursor   int
}

// Next completes the word as far as all candidates agree. If that adds nothing, Next inserts the
// first candidate, and the following calls the others in turn.
func (c *Completion) Next(l *Line, from Candidates) { c.step(l, from, +1) }

// Previous is like Next in the opposite order.
func (c *Completion) Previous(l *Line, from Candidates) { c.step(l, from, -1) }

// Shown returns the candidates between which Next and Previous choose, and the index of the one
// in the line, or -1. There are none if the line has changed, or if only one candidate matched.
func (c *Completion) Shown(l *Line) (words []string, selected int) {
	if !c.continues(l) {
		return nil, -1
	}
	return c.words, c.selected
}

// continues reports whether the line is still as the completion left it, with a choice.
func (c *Completion) continues(l *Line) bool {
	return len(c.words) > 1 && c.text == l.text && c.cursor == l.cursor
}

func (c *Completion) step(l *Line, from Candidates, step int) {
	if c.continues(l) {
		c.choose(l, step)
		return
	}
	word := c.find(l, from)
	switch common := commonPrefix(c.words); {
	case len(c.words) == 0:
	case len(c.words) == 1:
		c.insert(l, c.words[0]+c.suffix)
	case utf8.RuneCountInString(common) > utf8.RuneCountInString(word):
		c.insert(l, common)
	default:
		c.insert(l, word)
		c.choose(l, step)
	}
}

// choose inserts the candidate that is a step away from the one in the line.
func (c *Completion) choose(l *Line, step int) {
	n := len(c.words)
	switch {
	case c.selected >= 0:
		c.selected = (c.selected + step + n) % n
	case step > 0:
		c.selected = 0
	default:
		c.selected = n - 1
	}
	c.insert(l, c.words[c.selected]+c.suffix)
}

// insert replaces the word in the line.
func (c *Completion) insert(l *Line, word string) {
	if strings.HasPrefix(l.text[l.cursor:], " ") {
		word = strings.TrimSuffix(word, " ")
	}
	l.replace(other, c.start, l.cursor, cleanText(word))
	c.text, c.cursor = l.text, l.cursor
}

// find sets the candidates for the word before the cursor, which it returns.
func (c *Completion) find(l *Line, from Candidates) string {
	before := l.text[:l.cursor]
	start := strings.LastIndexAny(before, " \t\n") + 1
	word := before[start:]
	command, prior, isArgument := strings.Cut(before[:start], " ")
	isArgument = isArgument && strings.TrimSpace(prior) == ""
	*c = Completion{start: start, selected: -1, suffix: " "}
	switch {
	case start == 0 && strings.HasPrefix(word, "/"):
		c.words = matching(from.Commands, "/", word)
	case strings.HasPrefix(word, "#"):
		c.words = matching(from.Rooms, "#", word)
	case isArgument && strings.EqualFold(command, "/join"):
		word = "#" + word
		c.words = matching(from.Rooms, "#", word)
	default:
		c.words = matching(from.Names, "", word)
		if start == 0 {
			c.suffix = ": "
		}
	}
	return word
}

// matching returns the candidates that start with a word, each after a mark.
func matching(candidates []string, mark, word string) []string {
	var words []string
	for _, candidate := range candidates {
		if candidate = mark + candidate; hasPrefix(candidate, word) && !slices.Contains(words, candidate) {
			words = append(words, candidate)
		}
	}
	return words
}

// hasPrefix reports whether s starts with prefix, without regard to case.
func hasPrefix(s, prefix string) bool {
	head := firstRunes(s, utf8.RuneCountInString(prefix))
	return strings.EqualFold(head, prefix)
}

// commonPrefix returns the longest start of the first word that all words have, without regard to
// case. It ends between two characters of the first word.
func commonPrefix(words []string) string {
	if len(words) == 0 {
		return ""
	}
	end := 0
	for next := 0; end < len(words[0]); end = next {
		next = after(words[0], end)
		for _, word := range words[1:] {
			if !hasPrefix(word, words[0][:next]) {
				return words[0][:end]
			}
		}
	}
	return words[0]
}

// firstRunes returns the first n code points of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
