package hub

import "math"

// A cursor is a position in a stream. The zero cursor is in no stream.
type cursor struct {
	chunk  *chunk
	off    int64
	stream *stream
}

// A span is the bytes of a stream between two positions. The zero span is empty.
type span struct{ from, to int64 }

// noLimit is the limit of an outbox that reads its stream to the end.
const noLimit = math.MaxInt64

// position returns the number of bytes of the stream before the cursor.
func (c *cursor) position() int64 {
	if c.stream == nil {
		return 0
	}
	return c.chunk.at + c.off
}

// lag returns the number of bytes of the stream after the cursor.
func (c *cursor) lag() int64 {
	if c.stream == nil {
		return 0
	}
	return c.stream.total.Load() - c.position()
}

// unread returns the published frames from the cursor to the end of its chunk or to limit,
// whichever is first. At the end of a chunk it first moves the cursor to the next one. evicted
// means that the following frames are no longer in the window.
func (c *cursor) unread(limit int64) (frames []byte, evicted bool) {
	for c.stream != nil && c.position() < limit {
		next := c.chunk.next.Load() // before size: a chunk with a next has its last size
		evicted = c.chunk.evicted.Load()
		size := min(c.chunk.size.Load(), limit-c.chunk.at)
		switch {
		case c.off < size:
			return c.chunk.buf[c.off:size], false
		case next != nil:
			*c = cursor{next, 0, c.stream}
		default:
			return nil, evicted
		}
	}
	return nil, false
}

// seekLocked moves the cursor to a position in any stream, or out of all streams. A stream
// lasts as long as it has readers; only seekLocked and addReaderLocked change them.
//
// The caller holds o.mu and the mu of the stream's room. No frames of the stream are being
// written: the caller is the goroutine that writes, or the cursor is at the limit, or nothing can
// be written.
func (o *outbox) seekLocked(to cursor) {
	from := o.cursor.stream
	o.cursor = to
	if from == to.stream {
		return
	}
	o.answerAt, o.ownJoin = 0, span{} // positions in the old stream
	o.queue.unpin()
	if to.stream != nil {
		to.stream.addReaderLocked(o.member)
	}
	if from != nil {
		from.removeReaderLocked(o.member)
	}
}

// holdLocked sets the limit to the present end of the stream, and returns the newest id before
// it. The caller holds the room's mu and o.mu.
func (o *outbox) holdLocked() (last int64) {
	s := o.cursor.stream
	end := s.endLocked()
	o.limit = end.position()
	return s.room.lastID
}

// release removes the limit, and flushes.
func (o *outbox) release() {
	o.mu.Lock()
	o.limit = noLimit
	o.mu.Unlock()
	o.flush()
}

// awaitLimit waits until everything up to the limit is written, or nothing can be written.
func (o *outbox) awaitLimit() {
	o.flush()
	o.waitUntil(func() bool { return o.cursor.position() >= o.limit || o.writeErr != nil })
}

// leaveStreamLocked sets the last limit of a member that leaves its stream: the present end. The
// caller holds the room's mu and o.mu.
func (o *outbox) leaveStreamLocked() {
	o.holdLocked()
	o.leaving = true
	o.messagesToLimit = o.cursor.stream.tail.messagesThrough()
}

// switchStream waits until m, which is leaving its stream, has read it up to the limit. It then
// moves m to another position, which becomes its limit, and calls then, with r.mu and m.out.mu
// held.
func (r *room) switchStream(m *member, to cursor, then func()) {
	m.out.awaitLimit()
	r.mu.Lock()
	defer r.mu.Unlock()
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.out.leaving = false
	m.out.seekLocked(to)
	m.out.limit = to.position()
	then()
}
