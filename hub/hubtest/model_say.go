package hubtest

import (
	"fmt"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// newText returns a text that no other message has, and a key for half of the messages.
func (s *randomRun) newText() (text, key string) {
	s.texts++
	if s.chance(2) {
		key = fmt.Sprint("key ", s.texts)
	}
	return fmt.Sprintf("word%d number %d", s.random.IntN(3), s.texts), key
}

// say appends a message, waits for its commit and reports whether it is stored.
func (s *randomRun) say(r *modelRoom) (stored bool) {
	text, key := s.newText()
	m, result := s.await(r, text, key)
	if result.Repeated {
		s.Errorf("%q in %s is a repetition", text, r.name)
	}
	if (result.Err != nil || result.Unstored) && s.repair == nil {
		s.Errorf("%q in %s is not stored: %+v", text, r.name, result)
	}
	if result.Err == nil {
		s.noteCommit(r, m, key, result.Unstored)
	}
	return result.Err == nil && !result.Unstored
}

// sayAgain appends a message with a key that the room has.
func (s *randomRun) sayAgain(r *modelRoom) {
	k := r.keyed[s.random.IntN(len(r.keyed))]
	if m, result := s.await(r, "again", k.key); !result.Repeated || result.Err != nil || m.ID != k.id {
		s.Errorf("%q in %s again: id %d, first %d, %+v", k.key, r.name, m.ID, k.id, result)
	}
}

// await appends a message and waits for its commit.
func (s *randomRun) await(r *modelRoom, text, key string) (*wire.Message, history.Result) {
	m := &wire.Message{Room: r.name, From: "alice", Text: text}
	results := make(chan history.Result, 1)
	s.journal.Append(m, key, func(result history.Result) { results <- result })
	select {
	case result := <-results:
		s.step("say %q in %s, key %q: %d, %+v", text, r.name, key, m.ID, result)
		return m, result
	case <-time.After(patience):
		s.Fatalf("%q in %s is not committed", text, r.name)
		return nil, history.Result{}
	}
}

// noteCommit adds a committed message to the model.
func (s *randomRun) noteCommit(r *modelRoom, m *wire.Message, key string, unstored bool) {
	if m.ID <= r.last || m.ID >= 1<<53 {
		s.Errorf("%q in %s gets the id %d after %d", m.Text, r.name, m.ID, r.last)
	}
	r.given, r.last = m.ID, m.ID
	committed := modelMessage{id: m.ID, text: m.Text, key: key, at: m.At.UnixMilli(), unstored: unstored}
	r.messages = append(r.messages, committed)
	if key != "" && !unstored {
		r.keyed = append(r.keyed, committed)
	}
}
