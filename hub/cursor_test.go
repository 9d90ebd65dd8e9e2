package hub

import (
	"errors"
	"testing"

	"partyline/hub/history"
)

// A hookJournal is a Journal in memory that calls beforeRead before each Read.
type hookJournal struct {
	history.Journal
	beforeRead func()
}

func (j *hookJournal) Read(room string, g history.Range) (history.Page, error) {
	j.beforeRead()
	return j.Journal.Read(room, g)
}

// TestSkipGapAfterDisconnect has a member disconnect and leave its stream while its writer
// skips a gap in that stream. The writer must not add it to the stream again, so that the room
// drops the stream.
func TestSkipGapAfterDisconnect(t *testing.T) {
	j := &hookJournal{Journal: history.NewMemory(history.Retention{Messages: 1})}
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
	j.beforeRead = func() {
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
		t.Errorf("the backlog counts %d bytes that no stream keeps", n)
	}
	if s.ping != nil && s.ping.Stop() {
		t.Error("the stream still has its timer")
	}
}
