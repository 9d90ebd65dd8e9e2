package hubtest

import (
	"slices"
	"sync"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// An underWay is a message whose commit was not awaited when its Journal ended.
type underWay struct {
	room      *modelRoom
	message   *wire.Message
	text, key string
	fate      *history.Result // nil if it was not committed
	stored    bool            // though it was not committed
}

// reopen ends the journal with messages under way, and opens it again. A message that was
// committed is stored, one that was refused is not, and any other may be.
func (s *randomRun) reopen(crash bool) {
	var mu sync.Mutex // guards over, and the fates
	over := false
	var messages []*underWay
	for _, r := range s.rooms {
		if !r.open || s.chance(2) {
			continue
		}
		for range s.random.IntN(mostUnderWay + 1) {
			w := &underWay{room: r}
			w.text, w.key = s.newText()
			w.message = &wire.Message{Room: r.name, From: "alice", Text: w.text}
			messages = append(messages, w)
			s.journal.Append(w.message, w.key, func(fate history.Result) {
				mu.Lock()
				defer mu.Unlock()
				if over && fate.Err == nil {
					s.Errorf("%q in %s is committed after the end", w.text, r.name)
				}
				w.fate = &fate
			})
		}
	}
	s.step("reopen, crash %v, with %d messages under way", crash, len(messages))
	if s.repair != nil {
		s.repair()
		s.repair = nil
	}
	s.journal = s.Reopen(s.T, s.journal, crash)
	mu.Lock()
	over = true
	mu.Unlock()
	for _, w := range messages {
		if w.fate != nil && w.fate.Err == nil {
			s.noteTold(w.room, w.message, w.key, w.fate.Unstored)
		}
	}
	s.unsure = s.unsure || s.Unsure
	for _, r := range s.rooms {
		r.open = false
		if crash { // which forgets an id that was guessed
			r.last = r.given
		}
		if s.Volatile {
			r.keyed, r.forgettable = nil, true
		}
		s.recover(r, messages)
	}
}

// recover opens a room after its journal was opened again, and finds out which messages that
// were under way are stored. Those with a key are said again: each is in history once.
func (s *randomRun) recover(r *modelRoom, messages []*underWay) {
	s.journal.Open(r.name) // so that it stays as it is until openRoom
	defer s.journal.Release(r.name)
	found, _, err := readBefore(s.journal, r.name, 1<<53, 2*s.keep)
	if err != nil {
		s.Fatal(err)
	}
	var again []*underWay
	for _, w := range messages {
		if w.room != r || w.fate != nil && w.fate.Err == nil {
			continue
		}
		if i := slices.IndexFunc(found, func(m *wire.Message) bool { return m.Text == w.text }); i >= 0 {
			if w.fate != nil {
				s.Errorf("%q in %s is stored, though it was refused: %v", w.text, r.name, w.fate.Err)
			}
			w.message, w.stored = found[i], true
			s.step("%q in %s is stored: %d", w.text, r.name, w.message.ID)
			s.noteTold(r, w.message, w.key, false)
		}
		if w.key != "" {
			again = append(again, w)
		}
	}
	s.openRoom(r)
	for _, w := range again {
		m, fate := s.await(r, w.text, w.key)
		if fate.Err != nil || fate.Repeated != w.stored || w.stored && m.ID != w.message.ID {
			s.Errorf("%q in %s again: id %d, %+v; stored before: %v, id %d", w.text, r.name, m.ID, fate, w.stored, w.message.ID)
		}
		if !fate.Repeated {
			s.noteTold(r, m, w.key, fate.Unstored)
		}
	}
}
