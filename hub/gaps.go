package hub

import (
	"partyline/hub/history"
	"partyline/hub/wire"
)

// skipGap moves the cursor, which fell out of the window at c, to the oldest chunk in the window.
// It queues a gap notice, after the answers with a position before that chunk. It does nothing if
// the member has left the stream in the meantime. The goroutine that writes calls it.
func (o *outbox) skipGap(c cursor) {
	r := c.stream.room
	r.mu.Lock()
	gap := wire.Gap{After: c.chunk.lastID}
	r.mu.Unlock()
	page, err := r.hub.opt.Journal.Read(r.name, history.Range{After: gap.After}) // without r.mu: it may lock the journal
	lost := err == nil && len(page.Gaps) > 0

	r.mu.Lock()
	defer r.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cursor != c {
		return
	}
	head := c.stream.head
	o.seekLocked(cursor{head, 0, c.stream})
	if o.writeErr != nil {
		return
	}
	if head.seq == c.chunk.seq+1 { // the member missed nothing
		return
	}
	gap.Before, gap.Missed = firstIDLocked(head), head.messagesBefore-c.chunk.messagesThrough()
	if o.leaving && head.messagesBefore >= o.messagesToLimit { // no event for the member follows the gap
		gap.Before, gap.Missed = 0, o.messagesToLimit-c.chunk.messagesThrough()
	}
	gap.Lost = lost && gap.Missed > 0 // a gap without messages is of presence, which history does not have
	r.hub.opt.Meter.Skipped(gap.Missed)
	later := o.queue.cutAfter(head.at)
	o.appendLocked(&gap)
	if !o.leaving {
		r.resyncLocked(o.member, head.lastIDBefore)
	}
	o.queue.segments = append(o.queue.segments, later...)
}

// resyncLocked queues what m may have missed besides messages: in JSON a welcome with the members,
// and in both formats the notices that apply. last is the newest id before the next event of the
// stream. The caller holds r.mu and m.out.mu.
func (r *room) resyncLocked(m *member, last int64) {
	if m.out.format == wire.JSON {
		welcome := r.welcomeLocked(m, wire.JSON, "")
		welcome.Last = last
		m.out.appendLocked(welcome)
	}
	m.out.appendLocked(r.noticesLocked()...)
}
