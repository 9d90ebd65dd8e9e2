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

// A stream is the log of a room in the frames of one Codec: a chain of chunks, the
// oldest of which leave when the chain is longer than the window. Only the holder of the
// room's lock appends; whoever has a cursor reads what is published without a lock.
type stream struct {
	room        *room
	codec       Codec
	head        *chunk // the oldest in the window
	tail        *chunk
	bytes       int64        // published from head to tail
	total       atomic.Int64 // published ever
	shrinkTotal int64        // of that when it was looked at for being quiet
	window      int64
	backlog     *backlog
	readers     map[*member]struct{} // the members that read it, and those that will; guarded by the room's lock
	lastEvent   time.Time            // when its readers were told something last
	ping        *time.Timer          // nil if the codec's clients want no sign of life
}

// A backlog counts what streams keep for those who read slowly: all but their tails.
// Where it is over its limit, a stream keeps little.
type backlog struct {
	limit int64 // bytes; none where 0
	used  atomic.Int64
}

func (b *backlog) full() bool { return b.limit > 0 && b.used.Load() > b.limit }

// A chunk holds whole frames: none straddles two.
type chunk struct {
	buf     []byte // its whole capacity; what is published never changes
	at      int64  // bytes of the stream before it
	size    atomic.Int64
	next    atomic.Pointer[chunk] // nil in the tail, and in a chunk that left the window
	evicted atomic.Bool           // the window; set before next is cleared

	// Guarded by the room's lock.
	seq            int64 // its number in the stream
	messagesBefore int64 // messages in the stream before this chunk
	messages       int64 // messages in it
	firstID        int64 // id of the first of them; 0 where there is none
	lastIDBefore   int64 // newest id before it
	lastID         int64 // newest id at its end, whichever chunk that message is in
}

// told returns how many messages the stream has had up to the chunk's end.
func (c *chunk) messagesThrough() int64 { return c.messagesBefore + c.messages }

// newStream returns an empty stream for a room. r.mu is held.
func newStream(r *room, codec Codec) *stream {
	c := &chunk{buf: make([]byte, firstChunk), lastIDBefore: r.lastID, lastID: r.lastID}
	s := &stream{
		room: r, codec: codec, head: c, tail: c, window: r.hub.window, backlog: &r.hub.backlog,
		readers: make(map[*member]struct{}), lastEvent: time.Now(),
	}
	if len(codec.Append(nil, wire.Ping{Idle: true})) > 0 {
		s.ping = time.AfterFunc(pingInterval, s.pingAll)
	}
	return s
}

// keep makes m a reader. The stream is there until release.
func (s *stream) addReaderLocked(m *member) { s.readers[m] = struct{}{} }

// release takes m out of the readers. The room drops a stream that nobody reads.
func (s *stream) removeReaderLocked(m *member) {
	delete(s.readers, m)
	if len(s.readers) > 0 {
		return
	}
	if s.ping != nil {
		s.ping.Stop()
	}
	s.trim()
	s.room.dropLocked(s)
}

// pingAll gives the readers a sign of life.
func (s *stream) pingAll() {
	r := s.room
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(s.readers) == 0 {
		return
	}
	idle := time.Since(s.lastEvent)
	ping := wire.Ping{Idle: idle >= pingInterval}
	if s.appendLocked(ping) > 0 {
		r.sweepSoonLocked()
	}
	if ping.Idle {
		s.lastEvent, idle = time.Now(), 0
	}
	s.ping.Reset(pingInterval - idle)
}

// append encodes e behind everything else and publishes it, and returns its length.
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
		c = s.grow(n)
		size = 0
	}
	if &frames[0] != &c.buf[size] { // it did not fit where it was made
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

// grow puts a new chunk with place for n bytes at the tail. Chunks double up to a limit,
// so that a quiet room stays small.
func (s *stream) grow(n int) *chunk {
	return s.extend(max(min(2*len(s.tail.buf), largeChunk), n))
}

// extend puts a new chunk of a size at the tail.
func (s *stream) extend(size int) *chunk {
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
		s.drop()
	}
	return c
}

// shrink gives a stream that was quiet since the last call a small tail, and reports
// whether it did. The old one goes when all have moved on from it.
func (s *stream) shrink() bool {
	total := s.total.Load()
	quiet := total == s.shrinkTotal
	s.shrinkTotal = total
	if !quiet || len(s.tail.buf) <= firstChunk {
		return false
	}
	s.extend(firstChunk)
	return true
}

// drop takes the oldest chunk out of the window. A cursor in it can read to its end, and
// keeps this one chunk alone.
func (s *stream) drop() {
	c := s.head
	s.head = c.next.Load()
	s.bytes -= c.size.Load()
	s.backlog.used.Add(-c.size.Load())
	c.evicted.Store(true)
	c.next.Store(nil)
}

// trim forgets all chunks but the tail. A reader that is not at the end yet holds those
// that it needs.
func (s *stream) trim() {
	s.backlog.used.Add(s.tail.size.Load() - s.bytes)
	s.head = s.tail
	s.bytes = s.tail.size.Load()
}

// end returns the place behind everything published.
func (s *stream) end() cursor { return cursor{s.tail, s.tail.size.Load(), s} }

// firstIn returns the id of the first message from c on, or 0.
func firstIn(c *chunk) int64 {
	for ; c != nil; c = c.next.Load() {
		if c.firstID != 0 {
			return c.firstID
		}
	}
	return 0
}
