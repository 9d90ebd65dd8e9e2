package hub

import "math"

// A cursor is a place in a stream. The zero cursor is in no stream.
type cursor struct {
	chunk  *chunk
	off    int64
	stream *stream
}

// A span is the bytes of a stream from one place to another. The zero span has none.
type span struct{ from, to int64 }

// noLimit is the limit of a member that reads on to the end of its stream.
const noLimit = math.MaxInt64

// place returns how many bytes of its stream lie before the cursor.
func (c *cursor) position() int64 {
	if c.stream == nil {
		return 0
	}
	return c.chunk.at + c.off
}

// behind returns how many bytes lie between the cursor and the end of its stream.
func (c *cursor) lag() int64 {
	if c.stream == nil {
		return 0
	}
	return c.stream.total.Load() - c.position()
}

// unread returns the published frames from the cursor to the end of its chunk, and no
// further than the place limit. If all of a chunk is read, it first moves on to the next.
// fell reports that there is more to read and that it has left the window.
func (c *cursor) unread(limit int64) (frames []byte, fell bool) {
	for c.stream != nil && c.position() < limit {
		next := c.chunk.next.Load() // before size: a chunk with a next has its last size
		left := c.chunk.evicted.Load()
		size := min(c.chunk.size.Load(), limit-c.chunk.at)
		switch {
		case c.off < size:
			return c.chunk.buf[c.off:size], false
		case next != nil:
			*c = cursor{next, 0, c.stream}
		default:
			return nil, left
		}
	}
	return nil, false
}

// seek moves m's cursor to a place, or out of all streams. Nothing else moves a cursor but
// reading, and nothing else changes which streams have m as a reader but keep: a stream
// lasts as long as it has readers. m.mu and the mu of the stream's room are held, and no
// frames of the stream are on their way to m: the caller writes to m, or m has reached its
// limit, or m is broken.
func (o *outbox) seekLocked(to cursor) {
	from := o.cursor.stream
	o.cursor = to
	if from == to.stream {
		return
	}
	o.answerAt, o.ownArrival = 0, span{} // their places were in the old stream
	o.queue.unpin()
	if to.stream != nil {
		to.stream.addReaderLocked(o.member)
	}
	if from != nil {
		from.removeReaderLocked(o.member)
	}
}

// hold makes m read to the end that its stream has now, and no further until free. It
// returns the newest id in what m reads until then. The room's mu and m.mu are held.
func (o *outbox) holdLocked() (last int64) {
	s := o.cursor.stream
	end := s.end()
	o.limit = end.position()
	return s.room.lastID
}

// free lets m read on to the end of its stream.
func (o *outbox) free() {
	o.mu.Lock()
	o.limit = noLimit
	o.mu.Unlock()
	o.flush()
}

// awaitHold waits until m, which is held, has read up to its limit or is broken.
func (o *outbox) awaitHold() {
	o.flush()
	o.waitUntil(func() bool { return o.cursor.position() >= o.limit || o.writeErr != nil })
}

// part makes m's stream end for m where it ends now. The room's mu and m.mu are held.
func (o *outbox) partLocked() {
	o.holdLocked()
	o.parting = true
	o.partMessages = o.cursor.stream.tail.messagesThrough()
}

// settle waits until m, which parted from its stream, has read the rest that it is owed. It
// moves m to another place, holds it there, and calls then, all with r.mu and m.mu held.
func (r *room) finishParting(m *member, to cursor, then func()) {
	m.out.awaitHold()
	r.mu.Lock()
	defer r.mu.Unlock()
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.out.parting = false
	m.out.seekLocked(to)
	m.out.limit = to.position()
	then()
}
