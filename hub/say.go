package hub

const (
	// mostPlaceless is how many bytes a member may have said that have no place yet. It
	// is read no further then.
	mostPlaceless = 64 << 10
	// crowdPlaceless is how many all together may have, before each may have but one
	// message without a place.
	crowdPlaceless = 16 << 20
)

// say gives the room a message of m's by way of the journal, and answers m where it
// asked for that.
func (m *member) say(q *request) error {
	r := m.room
	if !r.begin(m, len(q.text)) {
		return &Refusal{Code: CodeUnavailable, Message: "not said: the server is ending"}
	}
	m.spoke = true
	msg := &Message{Room: r.name, From: m.nick, Via: m.via, Text: q.text, Action: q.verb == verbMe}
	m.hub.journal.Append(msg, q.key, func(f Fate) { r.commit(m, q, msg, f) })
	return nil
}

// begin reports whether m may give the journal a message of this room, which commit is
// called for then. It waits while the room, or the journal, can't take so much.
func (r *room) begin(m *member, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.waitForPlace(m, size); !r.closed && r.isPlaceless(m, size); r.waitForPlace(m, size) {
		r.sweepRest(m)
		r.changed.Wait()
	}
	if r.closed {
		return false
	}
	r.saying++
	m.saying++
	m.placeless += size
	r.hub.placeless.Add(int64(size))
	m.sweeps = true
	return true
}

// isPlaceless reports whether so much of what m said has no place yet that it has to wait
// with more. r.mu is held.
func (r *room) isPlaceless(m *member, size int) bool {
	return m.saying > 0 && (m.placeless+size > mostPlaceless || r.hub.placeless.Load() > crowdPlaceless)
}

// commit tells the room a message that has its place, and its sender what it asked for.
// Where the sender's session is still at it, the sweep is left to that.
func (r *room) commit(m *member, q *request, msg *Message, f Fate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saying--
	m.saying--
	m.placeless -= len(q.text)
	r.hub.placeless.Add(-int64(len(q.text)))
	if f.Err == nil && !f.Repeated {
		r.tellStored(!f.Unstored)
		r.last = msg.ID
		r.record(msg)
	}
	switch {
	case f.Err != nil:
		m.queue(&Refusal{q.ref, q.key, CodeUnavailable, "not said: history can't take it now, try again in a moment"})
	case q.ref == "" && q.key == "":
	case f.Unstored:
		m.queue(&Notice{Code: NoticeUnstored, Message: unstoredText, Ref: q.ref, Key: q.key, ID: msg.ID})
	default:
		m.queue(&Ack{q.ref, q.key, msg.ID})
	}
	r.dirty = true // m's answer too
	if !f.More && !m.sweeps {
		r.sweepSoon()
	}
	if !f.More || m.saying == 0 {
		r.changed.Broadcast() // somebody may wait to say more, or to leave
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
		r.record(&Notice{Code: NoticeStored, Message: "history is written again"})
		return
	}
	r.record(r.unstoredNotice())
}

// isUnstored reports whether the room was told last that nothing is stored.
func (r *room) isUnstored() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unstored
}

func (r *room) unstoredNotice() *Notice {
	return &Notice{Code: NoticeUnstored, Message: "history can't be written: what is said now is heard, but not stored"}
}

// awaitPlaces waits until all that m said has its place, so that what it asks for next
// comes behind that.
func (m *member) awaitPlaces() {
	r := m.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.await(func() bool { return m.saying == 0 })
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
