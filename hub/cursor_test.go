package hub

import (
	"errors"
	"testing"

	"partyline/hub/history"
)

// A journalWith is a journal in memory that calls read before each Read.
type journalWith struct {
	history.Journal
	read func()
}

func (j *journalWith) Read(room string, g history.Range) (history.Page, error) {
	j.read()
	return j.Journal.Read(room, g)
}

// TestMoveOnAfterTheEnd has a member break, and leave its stream, while its writer moves it on
// in that stream: it stays out of it, so that the stream is dropped.
func TestMoveOnAfterTheEnd(t *testing.T) {
	j := &journalWith{Journal: history.NewMemory(history.Retention{Messages: 1})}
	h := New(Options{Journal: j})
	r := newRoom(h, lobby)
	m := &newSession(h, &Caller{Codecs: simCodecs}, newSimConn(1, 1)).member
	locked := func(f func()) {
		r.mu.Lock()
		defer r.mu.Unlock()
		m.out.mu.Lock()
		defer m.out.mu.Unlock()
		f()
	}
	var s *stream
	locked(func() {
		s = r.streamLocked(m.out.codecLocked())
		end := s.endLocked()
		m.out.seekLocked(end)
	})
	j.read = func() {
		locked(func() {
			m.out.discardLocked(errors.New("broken"))
			m.out.seekLocked(cursor{})
		})
	}
	m.out.skipGap(m.out.cursor)
	if len(s.readers) != 0 || len(r.streams) != 0 || m.out.cursor != (cursor{}) {
		t.Errorf("the stream has %d readers, the room %d streams", len(s.readers), len(r.streams))
	}
	if n := h.backlog.used.Load(); n != 0 {
		t.Errorf("%d bytes are counted that nobody keeps", n)
	}
	if s.ping != nil && s.ping.Stop() {
		t.Error("the stream still has its timer")
	}
}
