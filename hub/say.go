package hub

import (
	"errors"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// maxUncommitted bounds the uncommitted messages of a member, in bytes. At the bound the
	// member is not read.
	maxUncommitted = 64 << 10
	// maxUncommittedTotal bounds those of all members. At the bound each member may have one
	// uncommitted message.
	maxUncommittedTotal = 16 << 20
	// uncommittedShare bounds the uncommitted messages of a room: they have at most the window divided by it, since a
	// journal may commit them all at once, before any of them is swept. At the bound each member may have one.
	uncommittedShare = 4
	// uncommittedOverhead is the size of a message without its texts.
	uncommittedOverhead = 256
)

// uncommittedSize returns the size of a message of a request while it is not committed.
func uncommittedSize(q *wire.Request, text string) int {
	return uncommittedOverhead + len(text) + len(q.Ref) + len(q.Key)
}

// handleSay appends a message to the journal, which commits it to the room.
func handleSay(s *session, q *wire.Request) error {
	if q.Batch != nil {
		return s.sayBatch(q)
	}
	r := s.room
	msg, err := r.newMessage(&s.member, q, q.Text)
	if err != nil {
		return err
	}
	s.mustAwait = true
	s.hub.opt.Journal.Append(msg, q.Key, func(res history.Result) { r.commit(&s.member, q, msg, res, nil, 0) })
	return nil
}

// newMessage returns a message of m with a text of q, which it reserves.
func (r *room) newMessage(m *member, q *wire.Request, text string) (*wire.Message, error) {
	nick, err := r.reserve(m, q, text)
	if err != nil {
		return nil, err
	}
	return &wire.Message{Room: r.name, From: nick, Via: m.via, Text: text, Action: q.Verb == wire.VerbMe}, nil
}

// reserve waits until backpressure and the bounds on uncommitted messages permit one more message
// of m, and counts it until commit. It returns the name of m. The error is a refusal if the room is
// closed, or ends m.
func (r *room) reserve(m *member, q *wire.Request, text string) (nick string, err error) {
	size := uncommittedSize(q, text)
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.backpressure.awaitReadersLocked(m); !r.closed && r.overUncommittedLocked(m, size); r.backpressure.awaitReadersLocked(m) {
		r.sweep.handOverLocked(m)
		r.changed.Wait()
	}
	if r.closed {
		return "", &wire.Refusal{Code: wire.CodeUnavailable, Message: "not said: the server is ending"}
	}
	if nick, err = m.speakerLocked(); err != nil {
		return "", err
	}
	if r.backpressure.congested {
		m.aheadBytes += len(text)
	}
	r.uncommitted++
	r.uncommittedBytes += int64(size)
	m.uncommitted++
	m.uncommittedBytes += size
	r.hub.uncommittedBytes.Add(int64(size))
	m.mustSweep = true
	return nick, nil
}

// overUncommittedLocked reports whether there are too many uncommitted messages for one more of m with a size.
func (r *room) overUncommittedLocked(m *member, size int) bool {
	return m.uncommitted > 0 && (m.uncommittedBytes+size > maxUncommitted ||
		r.uncommittedBytes+int64(size) > r.hub.opt.Window/uncommittedShare || r.hub.uncommittedBytes.Load() > maxUncommittedTotal)
}

// commit appends a message to the streams of the room, and queues the sender's ack. The journal
// calls it in the order of the messages. The sender's session sweeps, if it still has to;
// otherwise commit starts a sweep. If the message is one of a batch, it has an index there.
func (r *room) commit(m *member, q *wire.Request, msg *wire.Message, res history.Result, b *batch, index int) {
	size := uncommittedSize(q, msg.Text)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uncommitted--
	r.uncommittedBytes -= int64(size)
	m.uncommitted--
	m.uncommittedBytes -= size
	r.hub.uncommittedBytes.Add(-int64(size))
	if res.Err == nil && !res.Repeated {
		if res.Unstored { // a stored message is immutable
			msg.Unstored = true
		}
		r.noteStoredLocked(!res.Unstored)
		r.sayLocked(msg)
		r.markOwnLocked(m)
	}
	switch {
	case b != nil:
		b.setLocked(index, msg, res)
		b.finishLocked(m)
	case res.Err != nil:
		bad := unwritten(res.Err)
		bad.Ref, bad.Key = q.Ref, q.Key
		m.out.enqueue(bad)
	case q.Ref == "" && q.Key == "":
	case res.Unstored:
		m.out.enqueue(&wire.Notice{Code: wire.NoticeUnstored, Message: unstoredText, Ref: q.Ref, Key: q.Key, ID: msg.ID})
	default:
		m.out.enqueue(&wire.Ack{Ref: q.Ref, Key: q.Key, ID: msg.ID})
	}
	r.sweep.dirty = true // the answer to m too
	if !res.More && !m.mustSweep {
		r.sweep.startLocked()
	}
	if !res.More || m.uncommitted == 0 {
		r.changed.Broadcast() // for a member that waits to say more, or to leave
	}
}

// hear appends a message that was said on another server to the streams of the room. The journal calls it as it
// calls commit.
func (r *room) hear(m *wire.Message, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hub.opt.Directory != nil {
		r.hub.peers.spoke(r.name, m.From, r.hub.uptime())
	}
	r.sayLocked(m)
	if !more {
		r.sweep.startLocked()
	}
}

// sayLocked appends a message that has an id to the streams of the room.
func (r *room) sayLocked(m *wire.Message) {
	r.lastID = m.ID
	r.appendLocked(m)
	r.hub.opt.Meter.Committed(len(r.members))
}

// markOwnLocked notes that the last event of the room is about m: answers to m come after it.
func (r *room) markOwnLocked(m *member) {
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	if s := m.out.cursor.stream; s != nil && s.room == r {
		end := s.endLocked()
		m.out.answerAt = end.position()
	}
}

// unwritten returns the refusal of a message that the journal did not take, with the error of its Result.
func unwritten(err error) *wire.Refusal {
	text := "not said: history can't take it now, try again in a moment"
	if errors.Is(err, history.ErrUnknown) {
		text = "perhaps not said: history does not answer; look before you say it again"
	}
	return &wire.Refusal{Code: wire.CodeUnavailable, Message: text}
}

const unstoredText = "heard but not stored: history can't be written now"

// noteStoredLocked sends the room a notice when messages are no longer stored, and when they are
// stored again.
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

// noticesLocked returns the notices that apply now, for a member that has not received them.
func (r *room) noticesLocked() []wire.Event {
	if r.unstored {
		return []wire.Event{unstoredNotice()}
	}
	return nil
}

// awaitCommits waits until all messages of the member are committed, so that its next request
// comes after them. It returns false if the room is abandoned first.
func (s *session) awaitCommits() bool {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	r.awaitLocked(func() bool { return s.uncommitted == 0 })
	return s.uncommitted == 0
}

// awaitReplaced waits until all messages of members that have been replaced are committed, so that
// what the new member says comes after them.
func awaitReplaced(members []*member) {
	for _, m := range members {
		m.whileInRoom(func(r *room) {
			r.awaitLocked(func() bool { return m.uncommitted == 0 })
		})
	}
}

// awaitLocked waits until done returns true, or until the room is abandoned. It releases r.mu
// while it waits.
func (r *room) awaitLocked(done func() bool) {
	for !done() && !r.abandoned {
		r.changed.Wait()
	}
}

// abandon ends all waits for messages that the journal has not committed.
func (r *room) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.abandoned = true
	r.changed.Broadcast()
}
