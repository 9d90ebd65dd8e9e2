package hub

import (
	"sync/atomic"
	"time"
)

const (
	firstChunk = 1 << 10
	largeChunk = 64 << 10
)

// A stream is the log of a room in the frames of one Codec: a chain of chunks, the
// oldest of which leave when the chain is longer than the window. Only the holder of the
// room's lock appends; whoever has a cursor reads what is published without a lock.
type stream struct {
	codec   Codec
	head    *chunk // the oldest in the window
	tail    *chunk
	bytes   int64        // published from head to tail
	total   atomic.Int64 // published ever
	seen    int64        // of that when it was looked at for being quiet
	window  int64
	backlog *backlog
	users   int         // members who read it
	told    time.Time   // when its readers were told something last
	ping    *time.Timer // where the codec's clients want a sign of life
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
	buf  []byte // its whole capacity; what is published never changes
	at   int64  // bytes of the stream before it
	size atomic.Int64
	next atomic.Pointer[chunk] // nil in the tail, and in a chunk that left the window
	left atomic.Bool           // the window; set before next is cleared

	// Guarded by the room's lock.
	seq      int64 // its number in the stream
	before   int64 // messages in the stream before this chunk
	messages int64 // messages in it
	first    int64 // id of the first of them; 0 where there is none
	prior    int64 // newest id before it
	last     int64 // newest id at its end, whichever chunk that message is in
}

// A cursor is a place in a stream. The zero cursor is nowhere.
type cursor struct {
	chunk  *chunk
	off    int64
	stream *stream
}

// told returns how many messages the stream has had up to the chunk's end.
func (c *chunk) told() int64 { return c.before + c.messages }

func newStream(codec Codec, window int64, b *backlog, last int64) *stream {
	c := &chunk{buf: make([]byte, firstChunk), prior: last, last: last}
	return &stream{codec: codec, head: c, tail: c, window: window, backlog: b, told: time.Now()}
}

// append encodes e behind everything else and publishes it, and returns its length.
func (s *stream) append(e Event) int {
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
	if m, ok := e.(*Message); ok {
		if c.first == 0 {
			c.first = m.ID
		}
		c.last = m.ID
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
		buf:    make([]byte, size),
		at:     t.at + t.size.Load(),
		seq:    t.seq + 1,
		before: t.told(),
		prior:  t.last,
		last:   t.last,
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
	quiet := total == s.seen
	s.seen = total
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
	c.left.Store(true)
	c.next.Store(nil)
}

// trim forgets all chunks but the tail. Who is not at the end yet holds those that it
// needs.
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
		if c.first != 0 {
			return c.first
		}
	}
	return 0
}

// place returns how many bytes of its stream lie before the cursor.
func (c *cursor) place() int64 {
	if c.stream == nil {
		return 0
	}
	return c.chunk.at + c.off
}

// behind returns how many bytes lie between the cursor and the end of its stream.
func (c *cursor) behind() int64 {
	if c.stream == nil {
		return 0
	}
	return c.stream.total.Load() - c.place()
}

// unread returns what is published behind the cursor in its chunk, moving on to the next
// chunk first where this one is read. stop bounds it where it is somewhere. fell reports
// that the cursor's chunk is read and has left the window.
func (c *cursor) unread(stop cursor) (frames []byte, fell bool) {
	for c.chunk != nil {
		next := c.chunk.next.Load() // before size: a chunk with a next has its last size
		left := c.chunk.left.Load()
		size := c.chunk.size.Load()
		if c.chunk == stop.chunk {
			size = stop.off
		}
		if c.off < size {
			return c.chunk.buf[c.off:size], false
		}
		switch {
		case c.chunk == stop.chunk:
			return nil, false
		case next != nil:
			*c = cursor{next, 0, c.stream}
		case left:
			return nil, true
		default:
			return nil, false
		}
	}
	return nil, false
}
