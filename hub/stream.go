package hub

import (
	"sync/atomic"
	"time"

	"partyline/hub/wire"
)

const (
	firstChunk = 1 << 10
	largeChunk = 64 << 10
)

// A stream is the log of a room in the frames of one Codec: a chain of chunks. The oldest chunks
// are evicted when the chain is longer than the window. The holder of the room's mu appends.
// Goroutines with a cursor read the published frames without a lock.
type stream struct {
	room        *room
	codec       Codec
	head        *chunk // the oldest in the window
	tail        *chunk
	bytes       int64        // published in the chunks from head to tail
	total       atomic.Int64 // published in all chunks, also those before head
	shrinkTotal int64        // total at the last shrinkLocked
	window      int64
	backlog     *backlog
	readers     map[*member]struct{} // the members that read it or will read it; guarded by the room's mu
	lastEvent   time.Time            // when the last event, or idle ping, was appended
	ping        *time.Timer          // nil if clients of the codec get no pings
}

// A backlog counts the bytes that streams keep for lagging members: all chunks but the tails.
// While it is over its limit, streams keep less than their window.
type backlog struct {
	limit atomic.Int64 // in bytes; 0 for none
	used  atomic.Int64
}

func (b *backlog) full() bool {
	limit := b.limit.Load()
	return limit > 0 && b.used.Load() > limit
}

// A chunk holds whole frames.
type chunk struct {
	buf     []byte                // len(buf) is the capacity; the published bytes do not change
	at      int64                 // the position of its first byte in the stream
	size    atomic.Int64          // published bytes
	next    atomic.Pointer[chunk] // nil in the tail, and in an evicted chunk
	evicted atomic.Bool           // set before next is cleared

	// Guarded by the room's mu.
	seq            int64 // number of the chunk in the stream
	messagesBefore int64 // messages in the stream before this chunk
	messages       int64 // messages in this chunk
	firstID        int64 // of the first message in this chunk; 0 if it has none
	lastIDBefore   int64 // newest id before this chunk
	lastID         int64 // newest id before the end of this chunk
}

// messagesThrough returns the number of messages in the stream before the end of the chunk.
func (c *chunk) messagesThrough() int64 { return c.messagesBefore + c.messages }

// newStreamLocked returns an empty stream of a room.
func newStreamLocked(r *room, codec Codec) *stream {
	c := &chunk{buf: make([]byte, firstChunk), lastIDBefore: r.lastID, lastID: r.lastID}
	s := &stream{
		room: r, codec: codec, head: c, tail: c, window: r.hub.opt.Window, backlog: &r.hub.backlog,
		readers: make(map[*member]struct{}), lastEvent: time.Now(),
	}
	if len(codec.Append(nil, wire.Ping{Idle: true})) > 0 {
		s.ping = time.AfterFunc(r.hub.opt.PingInterval, s.pingAll)
	}
	return s
}

// addReaderLocked adds m to the readers. The room keeps the stream while it has readers.
func (s *stream) addReaderLocked(m *member) { s.readers[m] = struct{}{} }

// removeReaderLocked removes m from the readers. It removes the stream from the room if that was
// the last one.
func (s *stream) removeReaderLocked(m *member) {
	delete(s.readers, m)
	if len(s.readers) > 0 {
		return
	}
	if s.ping != nil {
		s.ping.Stop()
	}
	s.trimLocked()
	s.room.dropLocked(s)
}

// pingAll appends a ping, and schedules the next one.
func (s *stream) pingAll() {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(s.readers) == 0 {
		return
	}
	idle, interval := time.Since(s.lastEvent), r.hub.opt.PingInterval
	ping := wire.Ping{Idle: idle >= interval}
	if s.appendLocked(ping) > 0 {
		r.sweep.startLocked()
	}
	if ping.Idle {
		s.lastEvent, idle = time.Now(), 0
	}
	s.ping.Reset(interval - idle)
}

// appendLocked encodes and publishes e, and returns the number of bytes.
func (s *stream) appendLocked(e wire.Event) int {
	c := s.tail
	size := c.size.Load()
	free := c.buf[size:size:len(c.buf)]
	frames := s.codec.Append(free, e)
	n := len(frames)
	if n == 0 {
		return 0
	}
	if n > cap(free) {
		c = s.growLocked(n)
		size = 0
	}
	if &frames[0] != &c.buf[size] { // Append reallocated: the frames did not fit
		copy(c.buf[size:], frames)
	}
	if m, ok := e.(*wire.Message); ok {
		if c.firstID == 0 {
			c.firstID = m.ID
		}
		c.lastID = m.ID
		c.messages++
	}
	c.size.Store(size + int64(n))
	s.bytes += int64(n)
	s.total.Add(int64(n))
	return n
}

// growLocked adds a chunk for at least n bytes. Chunks double in size up to largeChunk, so that a
// quiet room needs little memory.
func (s *stream) growLocked(n int) *chunk {
	return s.extendLocked(max(min(2*len(s.tail.buf), largeChunk), n))
}

// extendLocked adds a chunk of a size, and evicts chunks that are no longer in the window.
func (s *stream) extendLocked(size int) *chunk {
	t := s.tail
	c := &chunk{
		buf:            make([]byte, size),
		at:             t.at + t.size.Load(),
		seq:            t.seq + 1,
		messagesBefore: t.messagesThrough(),
		lastIDBefore:   t.lastID,
		lastID:         t.lastID,
	}
	t.next.Store(c)
	s.tail = c
	s.backlog.used.Add(t.size.Load())
	window := s.window
	if s.backlog.full() {
		window = min(window, largeChunk)
	}
	for s.head != c && s.bytes-s.head.size.Load() >= window {
		s.evictLocked()
	}
	return c
}

// shrinkLocked adds a small chunk to a stream that has been quiet since the last call, and reports
// whether it did. The old tail becomes garbage when all cursors have left it.
func (s *stream) shrinkLocked() bool {
	total := s.total.Load()
	quiet := total == s.shrinkTotal
	s.shrinkTotal = total
	if !quiet || len(s.tail.buf) <= firstChunk {
		return false
	}
	s.extendLocked(firstChunk)
	return true
}

// evictLocked evicts the oldest chunk. A cursor in it can still read to its end, and keeps only
// this chunk in memory.
func (s *stream) evictLocked() {
	c := s.head
	s.head = c.next.Load()
	s.bytes -= c.size.Load()
	s.backlog.used.Add(-c.size.Load())
	c.evicted.Store(true)
	c.next.Store(nil)
}

// trimLocked drops all chunks except the tail. A cursor in another chunk keeps that chunk and the
// chunks after it in memory.
func (s *stream) trimLocked() {
	s.backlog.used.Add(s.tail.size.Load() - s.bytes)
	s.head = s.tail
	s.bytes = s.tail.size.Load()
}

// endLocked returns the position after everything published.
func (s *stream) endLocked() cursor { return cursor{s.tail, s.tail.size.Load(), s} }

// firstIDLocked returns the id of the first message from chunk c on, or 0.
func firstIDLocked(c *chunk) int64 {
	for ; c != nil; c = c.next.Load() {
		if c.firstID != 0 {
			return c.firstID
		}
	}
	return 0
}
