package hub

import (
	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// mostPlaceless is how many bytes a member may have said that have no place yet. It
	// is read no further then.
	mostPlaceless = 64 << 10
	// crowdPlaceless is how many all together may have, before each may have but one
	// message without a place.
	crowdPlaceless = 16 << 20
	// placelessCost is what a message counts for beside its text.
	placelessCost = 256
)

// placelessSize returns what a message takes while it has no place.
func placelessSize(q *wire.Request) int { return placelessCost + len(q.Text) + len(q.Ref) + len(q.Key) }

// say gives the room a message of m's by way of the journal, and answers m where it
// asked for that.
func (m *member) say(q *wire.Request) error {
	r := m.room
	if !r.begin(m, q) {
		return &wire.Refusal{Code: wire.CodeUnavailable, Message: "not said: the server is ending"}
	}
	m.spoke = true
	msg := &wire.Message{Room: r.name, From: m.nick, Via: m.via, Text: q.Text, Action: q.Verb == wire.VerbMe}
	m.hub.journal.Append(msg, q.Key, func(f history.Result) { r.commit(m, q, msg, f) })
	return nil
}

// begin reports whether m may give the journal a message of this room, which commit is
// called for then. It waits while the room, or the journal, can't take so much.
func (r *room) begin(m *member, q *wire.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.waitForPlace(m); !r.closed && r.isPlaceless(m, q); r.waitForPlace(m) {
		r.sweepRest(m)
		r.changed.Wait()
	}
	if r.closed {
		return false
	}
	if r.flow.full {
		m.ahead += len(q.Text)
	}
	r.saying++
	m.saying++
	m.placeless += placelessSize(q)
	r.hub.placeless.Add(int64(placelessSize(q)))
	m.sweeps = true
	return true
}

// isPlaceless reports whether so much of what m said has no place yet that it has to wait
// with q. r.mu is held.
func (r *room) isPlaceless(m *member, q *wire.Request) bool {
	return m.saying > 0 && (m.placeless+placelessSize(q) > mostPlaceless || r.hub.placeless.Load() > crowdPlaceless)
}

// commit tells the room a message that has its place, and its sender what it asked for.
// Where the sender's session is still at it, the sweep is left to that.
func (r *room) commit(m *member, q *wire.Request, msg *wire.Message, f history.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saying--
	m.saying--
	m.placeless -= placelessSize(q)
	r.hub.placeless.Add(-int64(placelessSize(q)))
	if f.Err == nil && !f.Repeated {
		if f.Unstored { // else it is the journal's, and not to be written to
			msg.Unstored = true
		}
		r.tellStored(!f.Unstored)
		r.last = msg.ID
		r.record(msg)
		m.noteSaid(r)
	}
	switch {
	case f.Err != nil:
		m.queue(&wire.Refusal{Ref: q.Ref, Key: q.Key, Code: wire.CodeUnavailable, Message: "not said: history can't take it now, try again in a moment"})
	case q.Ref == "" && q.Key == "":
	case f.Unstored:
		m.queue(&wire.Notice{Code: wire.NoticeUnstored, Message: unstoredText, Ref: q.Ref, Key: q.Key, ID: msg.ID})
	default:
		m.queue(&wire.Ack{Ref: q.Ref, Key: q.Key, ID: msg.ID})
	}
	r.dirty = true // m's answer too
	if !f.More && !m.sweeps {
		r.sweepSoon()
	}
	if !f.More || m.saying == 0 {
		r.changed.Broadcast() // somebody may wait to say more, or to leave
	}
}

// noteSaid notes that the room was told something of m's last. r.mu is held.
func (m *member) noteSaid(r *room) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.cur.stream; s != nil && s.room == r {
		end := s.end()
		m.said = end.place()
	}
}

const unstoredText = "heard but not stored: history can't be written now"

// tellStored tells the room when history stops to be written, and when it is again. r.mu
// is held.
func (r *room) tellStored(stored bool) {
	if stored == !r.unstored {
		return
	}
	r.unstored = !stored
	if stored {
		r.record(&wire.Notice{Code: wire.NoticeStored, Message: "history is written again"})
		return
	}
	r.record(unstoredNotice())
}

func unstoredNotice() *wire.Notice {
	return &wire.Notice{Code: wire.NoticeUnstored, Message: "history can't be written: what is said now is heard, but not stored"}
}

// standing returns what the room was told and still holds, for those who did not hear it.
// r.mu is held.
func (r *room) standing() []wire.Event {
	if r.unstored {
		return []wire.Event{unstoredNotice()}
	}
	return nil
}

// awaitPlaces waits until all that m said has its place, so that what it asks for next
// comes behind that. It reports false where the hub waits no longer.
func (m *member) awaitPlaces() bool {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.await(func() bool { return m.saying == 0 })
	return m.saying == 0
}

// await waits until done holds, or the hub waits for the journal no longer. r.mu is held,
// and released meanwhile.
func (r *room) await(done func() bool) {
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
