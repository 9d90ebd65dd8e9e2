package hub

import (
	"errors"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// maxBatchPause bounds how long a member is not read after a batch with as many texts as the welcome permits. A client
// may take a connection for dead over which nothing arrives for 15 s, although it waits for answers.
const maxBatchPause = 10 * time.Second

// maxTexts returns how many texts the welcome permits in a request.
func (h *Hub) maxTexts() int {
	rate := h.limits.Load().rate
	if rate <= 0 {
		return wire.MaxTexts
	}
	return int(min(max(rate*maxBatchPause.Seconds(), 1), wire.MaxTexts))
}

// A batch collects the results of a request that says several messages. The mu of the room guards it.
type batch struct {
	ack  wire.BatchAck
	open int // texts without a result
}

// sayBatch says the texts of a batch, one after the other. One ack follows when all have a result. A batch with texts
// that are refused waits for the messages before it: refused texts take memory until the ack, and do not count as
// uncommitted.
func (s *session) sayBatch(q *wire.Request) error {
	texts := q.Batch.Texts
	isRefused := func(t wire.BatchText) bool { return t.Bad != nil }
	if s.mustAwait && slices.ContainsFunc(texts, isRefused) {
		s.sweep()
		if !s.awaitCommits() {
			return ErrShutdown
		}
	}
	b := &batch{open: len(texts), ack: wire.BatchAck{Ref: q.Ref, Key: q.Key, Number: q.Batch.Number, IDs: make([]int64, len(texts))}}
	for i, t := range texts {
		bad := t.Bad
		if bad == nil {
			if err := s.sayOf(b, q, i); err != nil && !errors.As(err, &bad) {
				return err
			}
		}
		if bad != nil {
			s.room.refuse(&s.member, b, i, bad)
		}
	}
	return nil
}

// sayOf says the text of a batch with an index. The error is a refusal, or ends the member.
func (s *session) sayOf(b *batch, q *wire.Request, index int) error {
	r := s.room
	msg, err := r.newMessage(&s.member, q, q.Batch.Texts[index].Text)
	if err != nil {
		return err
	}
	s.mustAwait = true
	s.hub.opt.Journal.Append(msg, q.BatchKey(index), func(res history.Result) { r.commit(&s.member, q, msg, res, b, index) })
	return nil
}

// refuse notes that a text of a batch of m is not said.
func (r *room) refuse(m *member, b *batch, index int, bad *wire.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	b.failLocked(index, bad)
	b.finishLocked(m)
	m.mustSweep, r.sweep.dirty = true, true
}

// setLocked sets the result of the message with an index.
func (b *batch) setLocked(index int, msg *wire.Message, res history.Result) {
	if res.Err != nil {
		b.failLocked(index, unwritten(res.Err))
		return
	}
	b.ack.IDs[index] = msg.ID
	b.ack.Unstored = b.ack.Unstored || res.Unstored
}

// failLocked sets why the text with an index is not said.
func (b *batch) failLocked(index int, bad *wire.Refusal) {
	b.ack.Failures = append(b.ack.Failures, wire.TextError{Index: index, Refusal: bad})
}

// finishLocked notes that a text has a result. It queues the ack for m if all have one.
func (b *batch) finishLocked(m *member) {
	if b.open--; b.open == 0 {
		m.out.enqueue(&b.ack)
	}
}
