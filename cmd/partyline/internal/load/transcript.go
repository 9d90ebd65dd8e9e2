//go:build linux

package load

// A transcript is what the members with one codec receive after the start message. It is
// guarded by the mu of its room.
type transcript struct {
	room    *room
	split   splitter
	checker checker
	first   *chunk // nil once all members have received the start message
	last    *chunk
}

// A chunk is a part of a transcript. Cursors and earlier chunks refer to it, so that the
// garbage collector frees a chunk that all members have passed.
type chunk struct {
	buf     []byte // never reallocated: its capacity is the size of the chunk
	entries []entry
	next    *chunk
	partial []byte  // the start of the frame that continues in this chunk
	checker checker // the transcript's at the start of the chunk
}

// An entry is a message whose frame ends in the chunk.
type entry struct {
	header
	position uint32
	end      int // offset in the chunk of the end of its frame
}

const (
	firstChunk = 4 << 10
	maxChunk   = 256 << 10
)

func newTranscript(r *room, ws bool) *transcript {
	c := newChecker(len(r.positions))
	first := &chunk{buf: make([]byte, 0, firstChunk), checker: c.clone()}
	return &transcript{room: r, split: splitter{ws: ws}, checker: c, first: first, last: first}
}

// appendLocked appends what the foremost member received.
func (t *transcript) appendLocked(b []byte) {
	for len(b) > 0 {
		to := t.last
		if len(to.buf) == cap(to.buf) {
			to = &chunk{
				buf:     make([]byte, 0, min(2*cap(to.buf), maxChunk)),
				partial: append([]byte(nil), t.split.carry...),
				checker: t.checker.clone(),
			}
			t.last.next, t.last = to, to
		}
		part := b[:min(len(b), cap(to.buf)-len(to.buf))]
		t.parseLocked(to, part)
		to.buf = append(to.buf, part...)
		b = b[len(part):]
	}
}

// parseLocked adds the entries of b, which is about to be appended to the chunk.
func (t *transcript) parseLocked(to *chunk, b []byte) {
	for off := 0; off < len(b); {
		frame, n, ok := t.split.next(b[off:])
		off += n
		if !ok {
			return
		}
		h, ok := t.room.magic.find(frame)
		if !ok {
			continue
		}
		if position, ok := t.room.recordLocked(&t.checker, h); ok {
			to.entries = append(to.entries, entry{h, position, len(to.buf) + off})
		}
	}
}

// A cursor is the position of a member in a transcript.
type cursor struct {
	chunk *chunk
	off   int // in the chunk
	entry int // index in the chunk of the next entry
}

// matchLocked advances the cursor over the bytes that b and the transcript have in common,
// and calls received for each message that it passes. n is the number of these bytes. same
// is false if the next byte differs, and true if b or the transcript ends. The caller holds
// the room's mu for reading at least.
func (c *cursor) matchLocked(b []byte, received func(*entry)) (n int, same bool) {
	for n < len(b) {
		from := c.chunk
		if c.off == len(from.buf) {
			if from.next == nil {
				return n, true
			}
			*c = cursor{chunk: from.next}
			continue
		}
		k := min(len(b)-n, len(from.buf)-c.off)
		if string(from.buf[c.off:c.off+k]) != string(b[n:n+k]) {
			return n, false
		}
		n += k
		c.off += k
		for c.entry < len(from.entries) && from.entries[c.entry].end <= c.off {
			received(&from.entries[c.entry])
			c.entry++
		}
	}
	return n, true
}

// stateLocked returns the state of a member at the cursor: a checker that has recorded all
// messages up to there, and the bytes after the last of them. The caller holds the room's mu
// for reading at least.
func (t *transcript) stateLocked(c cursor) (state checker, partial []byte) {
	state = c.chunk.checker.clone()
	from := 0
	for _, e := range c.chunk.entries[:c.entry] {
		state.record(int(e.talker)/t.room.rooms, e.seq, e.position)
		from = e.end
	}
	if from == 0 {
		partial = append(partial, c.chunk.partial...)
	}
	return state, append(partial, c.chunk.buf[from:c.off]...)
}
