package hub

import (
	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// mostPlaceless is how many bytes a member may have said that have no place yet. It
	// is read no further then.
	maxUncommitted = 64 << 10
	// crowdPlaceless is how many all together may have, before each may have but one
	// message without a place.
	maxUncommittedTotal = 16 << 20
	// placelessCost is what a message counts for beside its text.
	uncommittedOverhead = 256
)

// placelessSize returns what a message takes while it has no place.
func uncommittedSize(q *wire.Request) int {
	return uncommittedOverhead + len(q.Text) + len(q.Ref) + len(q.Key)
}

// say gives the room a message of m's by way of the journal, and answers m where it
// asked for that.
func (s *session) say(q *wire.Request) error {
	r := s.room
	if !r.reserve(&s.member, q) {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "not said: the server is ending"}
	}
	s.awaitsOwn = true
	msg := &wire.Message{Room: r.name, From: s.nick, Via: s.via, Text: q.Text, Action: q.Verb == wire.VerbMe}
	s.hub.journal.Append(msg, q.Key, func(f history.Result) { r.commit(&s.member, q, msg, f) })
	return nil
}

// begin reports whether m may give the journal a message of this room, which commit is
// called for then. It waits while the room, or the journal, can't take so much.
func (r *room) reserve(m *member, q *wire.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.awaitReadersLocked(m); !r.closed && r.overUncommittedLocked(m, q); r.awaitReadersLocked(m) {
		r.handOverSweepLocked(m)
		r.changed.Wait()
	}
	if r.closed {
		return false
	}
	if r.backpressure.congested {
		m.aheadBytes += len(q.Text)
	}
	r.uncommitted++
	m.uncommitted++
	m.uncommittedBytes += uncommittedSize(q)
	r.hub.uncommittedBytes.Add(int64(uncommittedSize(q)))
	m.mustSweep = true
	return true
}

// isPlaceless reports whether so much of what m said has no place yet that it has to wait
// with q. r.mu is held.
func (r *room) overUncommittedLocked(m *member, q *wire.Request) bool {
	return m.uncommitted > 0 && (m.uncommittedBytes+uncommittedSize(q) > maxUncommitted || r.hub.uncommittedBytes.Load() > maxUncommittedTotal)
}

// commit tells the room a message that has its place, and its sender what it asked for.
// Where the sender's session is still at it, the sweep is left to that.
func (r *room) commit(m *member, q *wire.Request, msg *wire.Message, f history.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uncommitted--
	m.uncommitted--
	m.uncommittedBytes -= uncommittedSize(q)
	r.hub.uncommittedBytes.Add(-int64(uncommittedSize(q)))
	if f.Err == nil && !f.Repeated {
		if f.Unstored { // else it is the journal's, and not to be written to
			msg.Unstored = true
		}
		r.noteStoredLocked(!f.Unstored)
		r.lastID = msg.ID
		r.appendLocked(msg)
		m.out.markOwnLocked(r)
	}
	switch {
	case f.Err != nil:
		m.out.enqueue(&wire.Refusal{Ref: q.Ref, Key: q.Key, Code: wire.CodeUnavailable, Message: "not said: history can't take it now, try again in a moment"})
	case q.Ref == "" && q.Key == "":
	case f.Unstored:
		m.out.enqueue(&wire.Notice{Code: wire.NoticeUnstored, Message: unstoredText, Ref: q.Ref, Key: q.Key, ID: msg.ID})
	default:
		m.out.enqueue(&wire.Ack{Ref: q.Ref, Key: q.Key, ID: msg.ID})
	}
	r.dirty = true // m's answer too
	if !f.More && !m.mustSweep {
		r.sweepSoonLocked()
	}
	if !f.More || m.uncommitted == 0 {
		r.changed.Broadcast() // somebody may wait to say more, or to leave
	}
}

// noteSaid notes that the room was told something of m's last. r.mu is held.
func (o *outbox) markOwnLocked(r *room) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.cursor.stream; s != nil && s.room == r {
		end := s.end()
		o.answerAt = end.position()
	}
}

const unstoredText = "heard but not stored: history can't be written now"

// tellStored tells the room when history stops to be written, and when it is again. r.mu
// is held.
func (r *room) noteStoredLocked(stored bool) {
	if stored == !r.unstored {
		return
	}
	r.unstored = !stored
	if stored {
		r.appendLocked(&wire.Notice{Code: wire.NoticeStored, Message: "history is written again"})
		return
	}
	r.appendLocked(unstoredNotice())
}

func unstoredNotice() *wire.Notice {
	return &wire.Notice{Code: wire.NoticeUnstored, Message: "history can't be written: what is said now is heard, but not stored"}
}

// standing returns what the room was told and still holds, for those who did not hear it.
// r.mu is held.
func (r *room) stateLocked() []wire.Event {
	if r.unstored {
		return []wire.Event{unstoredNotice()}
	}
	return nil
}

// awaitPlaces waits until all that m said has its place, so that what it asks for next
// comes behind that. It reports false where the hub waits no longer.
func (s *session) awaitCommits() bool {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.awaitLocked(func() bool { return s.uncommitted == 0 })
	return s.uncommitted == 0
}

// await waits until done holds, or the hub waits for the journal no longer. r.mu is held,
// and released meanwhile.
func (r *room) awaitLocked(done func() bool) {
	for !done() && !r.abandoned {
		r.changed.Wait()
	}
}

// abandon has nobody wait any longer for what the journal does not commit.
func (r *room) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abandoned = true
	r.changed.Broadcast()
}
