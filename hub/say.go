package hub

// say gives the room a message of m's by way of the journal, and answers m where it
// asked for that.
func (m *member) say(q *request) error {
	r := m.room
	if !r.begin(m, len(q.text)) {
		return &Refusal{Code: CodeUnavailable, Message: "not said: the server is ending"}
	}
	msg := &Message{Room: r.name, From: m.nick, Via: m.via, Text: q.text, Action: q.verb == verbMe}
	m.hub.journal.Append(msg, q.key, func(repeated bool, err error) {
		r.commit(m, q, msg, repeated, err)
	})
	return nil
}

// begin reports whether m may give the journal a message of this room, which commit is
// called for then. It waits while the room can't take so much.
func (r *room) begin(m *member, size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waitForPlace(m, size)
	if r.closed {
		return false
	}
	r.saying++
	m.saying++
	m.sweeps = true
	return true
}

// commit tells the room a message that has its place, and its sender what it asked for.
// Where the sender's session is still at it, the sweep is left to that.
func (r *room) commit(m *member, q *request, msg *Message, repeated bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saying--
	m.saying--
	if r.saying == 0 || m.saying == 0 {
		r.changed.Broadcast() // somebody may wait to leave
	}
	switch {
	case err != nil:
		m.queue(&Refusal{q.ref, q.key, CodeUnavailable, "not said: history can't take it now"})
	case q.ref != "" || q.key != "":
		m.queue(&Ack{q.ref, q.key, msg.ID})
	}
	if err == nil && !repeated {
		r.last = msg.ID
		r.record(msg)
	}
	r.dirty = true // m's answer too
	if !m.sweeps {
		r.sweepSoon()
	}
}
