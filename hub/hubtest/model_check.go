package hubtest

import (
	"slices"
	"strings"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// check reads and searches an open room, and compares the results with the model.
func (s *randomRun) check(r *modelRoom) {
	s.checkAfter(r)
	s.checkBefore(r)
	s.checkSearch(r)
}

// someID returns an id at or near a bound of the room.
func (s *randomRun) someID(r *modelRoom) int64 {
	switch n := s.random.IntN(8); {
	case n == 0:
		return 0
	case n == 1:
		return r.base
	case n == 2:
		return max(r.base-1, 0)
	case n == 3 && len(r.forgotten) > 0:
		return r.forgotten[s.random.IntN(len(r.forgotten))]
	case len(r.messages) > 0:
		return r.messages[s.random.IntN(len(r.messages))].id
	}
	return r.last
}

func (s *randomRun) checkAfter(r *modelRoom) {
	after, upTo, limit := s.someID(r), r.last, 1+s.random.IntN(2*s.keep)
	if s.chance(3) {
		upTo = max(after, r.base, s.someID(r))
	}
	found, gaps, err := readAfter(s.journal, r.name, after, upTo, limit)
	if err != nil {
		s.Fatalf("after %d in %s: %v", after, r.name, err)
	}
	want, wantGaps := r.after(s.keep, after, upTo, limit)
	if !same(found, want) || !s.sameGaps(gaps, wantGaps) {
		s.Errorf("%s after %d up to %d by %d: %v, gaps %v; want %v, gaps %v",
			r.name, after, upTo, limit, list(found), gaps, want, wantGaps)
	}
	if after != 0 && after < r.base { // the model does not know the ids before base
		return
	}
	_, wantGaps = r.after(s.keep, after, 1<<53, 1<<30)
	got, wantGap := hasGap(s.T, s.journal, r.name, after), len(wantGaps) > 0
	if got != wantGap && (wantGap || !s.unsure) {
		s.Errorf("%s has a gap after %d: %v; want %v", r.name, after, got, wantGaps)
	}
}

func (s *randomRun) checkBefore(r *modelRoom) {
	before, limit := int64(1<<53), 1+s.random.IntN(2*s.keep)
	if s.chance(2) {
		before = max(s.someID(r), 1)
	}
	found, more, err := readBefore(s.journal, r.name, before, limit)
	want, wantMore := r.before(s.keep, before, limit)
	if !same(found, want) || more != wantMore || err != nil {
		s.Errorf("%s before %d by %d: %v, more %v, %v; want %v, more %v",
			r.name, before, limit, list(found), more, err, want, wantMore)
	}
}

func (s *randomRun) checkSearch(r *modelRoom) {
	if _, ok := s.journal.(history.Searcher); !ok {
		return
	}
	word := []string{"word0", "word1", "number", "alice", "nobody"}[s.random.IntN(5)]
	got := searchAll(s.T, s.journal, r.name, history.NewQuery(word), 1<<53, 1+s.random.IntN(s.keep))
	var want []int64
	for _, m := range slices.Backward(r.kept(s.keep)) {
		if word == "alice" || strings.Contains(m.text, word) {
			want = append(want, m.id)
		}
	}
	if !slices.Equal(got, want) {
		s.Errorf("%s searched for %s: %v, want %v", r.name, word, got, want)
	}
}

// list returns messages in a form to print.
func list(messages []*wire.Message) (all []modelMessage) {
	for _, m := range messages {
		all = append(all, modelMessage{id: m.ID, text: m.Text, at: m.At.UnixMilli()})
	}
	return all
}

// same reports whether messages are those of the model, with times in milliseconds.
func same(got []*wire.Message, want []modelMessage) bool {
	return slices.EqualFunc(got, want, func(m *wire.Message, w modelMessage) bool {
		return m.ID == w.id && m.Text == w.text && m.At.UnixMilli() == w.at && !m.Unstored
	})
}

// sameGaps reports whether gaps are those of the model. A Journal that is unsure may not know how
// many messages are missing, and may report more, but not more than were appended.
func (s *randomRun) sameGaps(got, want []wire.Gap) bool {
	if !s.unsure {
		return slices.Equal(got, want)
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g wire.Gap) bool {
			return g.After == w.After && g.Before == w.Before && (g.Missed < 0 || g.Missed >= w.Missed && g.Missed <= int64(s.texts))
		}) {
			return false
		}
	}
	return true
}
