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

// say says a message and waits for its place. It reports whether it is stored.
func (s *randomRun) say(r *modelRoom) (stored bool) {
	text, key := s.newText()
	m, fate := s.await(r, text, key)
	if fate.Repeated {
		s.Errorf("%q in %s is a repetition", text, r.name)
	}
	if (fate.Err != nil || fate.Unstored) && s.repair == nil {
		s.Errorf("%q in %s is not stored: %+v", text, r.name, fate)
	}
	if fate.Err == nil {
		s.noteTold(r, m, key, fate.Unstored)
	}
	return fate.Err == nil && !fate.Unstored
}

// sayAgain says a message with a key that the room has.
func (s *randomRun) sayAgain(r *modelRoom) {
	k := r.keyed[s.random.IntN(len(r.keyed))]
	if m, fate := s.await(r, "again", k.key); !fate.Repeated || fate.Err != nil || m.ID != k.id {
		s.Errorf("%q in %s again: id %d, first %d, %+v", k.key, r.name, m.ID, k.id, fate)
	}
}

// await says a message and waits for its commit.
func (s *randomRun) await(r *modelRoom, text, key string) (*wire.Message, history.Result) {
	m := &wire.Message{Room: r.name, From: "alice", Text: text}
	fates := make(chan history.Result, 1)
	s.journal.Append(m, key, func(f history.Result) { fates <- f })
	select {
	case fate := <-fates:
		s.step("say %q in %s, key %q: %d, %+v", text, r.name, key, m.ID, fate)
		return m, fate
	case <-time.After(patience):
		s.Fatalf("%q in %s is not committed", text, r.name)
		return nil, history.Result{}
	}
}

// noteTold notes that a message has its place.
func (s *randomRun) noteTold(r *modelRoom, m *wire.Message, key string, unstored bool) {
	if m.ID <= r.last || m.ID >= 1<<53 {
		s.Errorf("%q in %s gets the id %d after %d", m.Text, r.name, m.ID, r.last)
	}
	r.given, r.last = m.ID, m.ID
	told := toldMessage{id: m.ID, text: m.Text, key: key, at: m.At.UnixMilli(), unstored: unstored}
	r.told = append(r.told, told)
	if key != "" && !unstored {
		r.keyed = append(r.keyed, told)
	}
}
