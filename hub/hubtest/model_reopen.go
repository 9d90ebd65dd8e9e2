package hubtest

import (
	"slices"
	"sync"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// A pendingMessage is a message that may not be committed when its Journal is reopened.
type pendingMessage struct {
	room      *modelRoom
	message   *wire.Message
	text, key string
	result    *history.Result // nil if it was not committed
	stored    bool            // the Journal has it though it was not committed
}

// reopen closes the Journal while messages are pending, and opens it again. A message that was
// committed must be stored, a message that was refused must not be, and others may be stored.
func (s *randomRun) reopen(crash bool) {
	var mu sync.Mutex // guards over, and the results
	over := false
	var messages []*pendingMessage
	for _, r := range s.rooms {
		if !r.open || s.chance(2) {
			continue
		}
		for range s.random.IntN(maxPending + 1) {
			w := &pendingMessage{room: r}
			w.text, w.key = s.newText()
			w.message = &wire.Message{Room: r.name, From: "alice", Text: w.text}
			messages = append(messages, w)
			s.journal.Append(w.message, w.key, func(result history.Result) {
				mu.Lock()
				defer mu.Unlock()
				if over && result.Err == nil {
					s.Errorf("%q in %s is committed after the end", w.text, r.name)
				}
				w.result = &result
			})
		}
	}
	s.step("reopen, crash %v, with %d pending messages", crash, len(messages))
	if s.repair != nil {
		s.repair()
		s.repair = nil
	}
	s.journal = s.Reopen(s.T, s.journal, crash)
	mu.Lock()
	over = true
	mu.Unlock()
	for _, w := range messages {
		if w.result != nil && w.result.Err == nil {
			s.noteCommit(w.room, w.message, w.key, w.result.Unstored)
		}
	}
	s.unsure = s.unsure || s.Unsure
	for _, r := range s.rooms {
		r.open = false
		if crash { // an estimated id is lost
			r.last = r.given
		}
		if s.Volatile {
			r.keyed, r.forgettable = nil, true
		}
		s.recoverRoom(r, messages)
	}
}

// recoverRoom opens a room after its Journal was reopened, and checks which of the pending messages
// are stored. It repeats those with a key: each must be in history once.
func (s *randomRun) recoverRoom(r *modelRoom, messages []*pendingMessage) {
	s.journal.Open(r.name, nil) // so that it is not forgotten before openRoom
	defer s.journal.Release(r.name)
	found, _, err := readBefore(s.journal, r.name, 1<<53, 2*s.keep)
	if err != nil {
		s.Fatal(err)
	}
	var again []*pendingMessage
	for _, w := range messages {
		if w.room != r || w.result != nil && w.result.Err == nil {
			continue
		}
		if i := slices.IndexFunc(found, func(m *wire.Message) bool { return m.Text == w.text }); i >= 0 {
			if w.result != nil {
				s.Errorf("%q in %s is stored, though it was refused: %v", w.text, r.name, w.result.Err)
			}
			w.message, w.stored = found[i], true
			s.step("%q in %s is stored: %d", w.text, r.name, w.message.ID)
			s.noteCommit(r, w.message, w.key, false)
		}
		if w.key != "" {
			again = append(again, w)
		}
	}
	s.openRoom(r)
	for _, w := range again {
		m, result := s.await(r, w.text, w.key)
		if result.Err != nil || result.Repeated != w.stored || w.stored && m.ID != w.message.ID {
			s.Errorf("%q in %s again: id %d, %+v; stored before: %v, id %d", w.text, r.name, m.ID, result, w.stored, w.message.ID)
		}
		if !result.Repeated {
			s.noteCommit(r, m, w.key, result.Unstored)
		}
	}
}
