package editor

import "strings"

// A Search finds entries of a history by a part of their text, without regard to case.
type Search struct {
	history *History
	query   Line
	at      int // the number of the entry that matches, or of the next one of the history
	failed  bool
}

// Search starts a search at the newest entry. An empty query matches no entry.
func (h *History) Search() *Search { return &Search{history: h, at: h.end()} }

// Query returns what is searched for.
func (s *Search) Query() string { return s.query.Text() }

// Match returns the entry that was found last, or "" if there is none. It reports false if it
// does not match the query, because no older entry does.
func (s *Search) Match() (entry string, ok bool) {
	if !s.history.has(s.at) {
		return "", !s.failed
	}
	return s.history.entry(s.at), !s.failed
}

// Insert appends to the query. The match stays, if it still matches.
func (s *Search) Insert(text string) {
	s.query.Insert(text)
	s.find(s.at, -1)
}

// Backspace removes the last character of the query, and searches again from the newest entry.
func (s *Search) Backspace() {
	s.query.Backspace()
	s.at = s.history.end()
	s.find(s.at, -1)
}

// Older finds the next older entry that matches and differs from the one that was found.
func (s *Search) Older() { s.find(s.skip(-1), -1) }

// Newer finds the next newer entry that matches and differs from the one that was found.
func (s *Search) Newer() { s.find(s.skip(+1), +1) }

// skip returns the number of the nearest entry that differs from the one that was found.
func (s *Search) skip(step int) int {
	found, _ := s.Match()
	at := s.at + step
	for s.history.has(at) && s.history.entry(at) == found {
		at += step
	}
	return at
}

// find finds the nearest entry that matches, from the one with the number at.
func (s *Search) find(at, step int) {
	query := strings.ToLower(s.Query())
	s.failed = query != ""
	for at = min(at, s.history.end()-1); s.failed && s.history.has(at); at += step {
		if strings.Contains(strings.ToLower(s.history.entry(at)), query) {
			s.at, s.failed = at, false
		}
	}
}
