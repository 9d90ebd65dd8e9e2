//go:build linux

package load

import "sync"

// A room is what its members hear. It knows the order of its messages: that in which the
// first listener heard them, from which nobody may differ.
//
// Members on equal wires hear equal bytes. So a room keeps one tape for each wire, takes
// the messages out of it once, and each member compares what it gets with the tape, which
// costs as little as a copy. Who hears something else is parsed by itself.
type room struct {
	magic magic
	rooms int // in the run: this one's talkers are one in so many

	mu     sync.RWMutex
	tapes  map[wire]*tape
	places [][]uint32 // by talker and sequence number; 0 where nobody heard it yet
	placed uint32     // the latest place given; the first message has 2
}

func newRoom(m magic, rooms, talkers int) *room {
	return &room{magic: m, rooms: rooms, tapes: make(map[wire]*tape), places: make([][]uint32, talkers), placed: 1}
}

// hear lets e hear a message and returns its place in the room's order: behind all others
// where nobody heard it yet, or behind what e heard last where only the others missed it.
// ok is false where no talker of this room can have said it. r.mu is held.
func (r *room) hear(e *ear, h header) (place uint32, ok bool) {
	talker := int(h.talker) / r.rooms
	if talker >= len(r.places) {
		return 0, false
	}
	said := r.places[talker]
	if int64(h.seq) > int64(len(said))+1<<20 {
		return 0, false
	}
	for int(h.seq) >= len(said) {
		said = append(said, 0)
	}
	if said[h.seq] == 0 {
		said[h.seq] = e.last
		if e.last == r.placed {
			r.placed++
			said[h.seq] = r.placed
		}
	}
	r.places[talker] = said
	e.hear(talker, h.seq, said[h.seq])
	return said[h.seq], true
}

// tape returns the tape of a wire. r.mu is held.
func (r *room) tape(w wire) *tape {
	t := r.tapes[w]
	if t == nil {
		t = newTape(r, w.ws)
		r.tapes[w] = t
	}
	return t
}

// A tape is what all members on one wire hear from the starter's message on. Guarded by
// its room's mu.
type tape struct {
	room  *room
	split splitter
	ear   ear
	first *block // until every member has begun; nil then
	tail  *block
}

// A block is a part of a tape. Who reads it holds it: a block that all have passed is
// the garbage collector's.
type block struct {
	buf   []byte // its whole capacity; never moved
	marks []mark
	next  *block
	lead  []byte // of the frame that began in the block before
	ear   ear    // which heard the blocks before
}

// A mark is a message whose frame ends in the block.
type mark struct {
	header
	place uint32
	end   int // of its frame
}

const (
	firstBlock = 4 << 10
	largeBlock = 256 << 10
)

func newTape(r *room, ws bool) *tape {
	e := newEar(len(r.places))
	b := &block{buf: make([]byte, 0, firstBlock), ear: e.clone()}
	return &tape{room: r, split: splitter{ws: ws}, ear: e, first: b, tail: b}
}

// append records what the foremost member heard.
func (t *tape) append(b []byte) {
	for len(b) > 0 {
		to := t.tail
		if len(to.buf) == cap(to.buf) {
			to = &block{
				buf:  make([]byte, 0, min(2*cap(to.buf), largeBlock)),
				lead: append([]byte(nil), t.split.carry...),
				ear:  t.ear.clone(),
			}
			t.tail.next, t.tail = to, to
		}
		part := b[:min(len(b), cap(to.buf)-len(to.buf))]
		t.parse(to, part)
		to.buf = append(to.buf, part...)
		b = b[len(part):]
	}
}

func (t *tape) parse(to *block, b []byte) {
	for at := 0; at < len(b); {
		frame, n, ok := t.split.next(b[at:])
		at += n
		if !ok {
			return
		}
		h, ok := t.room.magic.find(frame)
		if !ok {
			continue
		}
		if place, ok := t.room.hear(&t.ear, h); ok {
			to.marks = append(to.marks, mark{h, place, len(to.buf) + at})
		}
	}
}

// A spot is how far a member has heard a tape.
type spot struct {
	block *block
	off   int
	mark  int // in the block: the next
}

// follow compares b with the tape from the spot on, moves the spot, and calls heard for
// each message passed. It returns how much of b the tape has; same is false where it has
// something else. The room's mu is held for reading.
func (s *spot) follow(b []byte, heard func(*mark)) (n int, same bool) {
	for n < len(b) {
		from := s.block
		if s.off == len(from.buf) {
			if from.next == nil {
				return n, true
			}
			*s = spot{block: from.next}
			continue
		}
		k := min(len(b)-n, len(from.buf)-s.off)
		if string(from.buf[s.off:s.off+k]) != string(b[n:n+k]) {
			return n, false
		}
		n += k
		s.off += k
		for s.mark < len(from.marks) && from.marks[s.mark].end <= s.off {
			heard(&from.marks[s.mark])
			s.mark++
		}
	}
	return n, true
}

// part returns an ear that has heard the tape up to the last whole message before the
// spot, and the bytes from there to the spot. The room's mu is held for reading.
func (t *tape) part(s spot) (e ear, begun []byte) {
	e = s.block.ear.clone()
	from := 0
	for _, m := range s.block.marks[:s.mark] {
		e.hear(int(m.talker)/t.room.rooms, m.seq, m.place)
		from = m.end
	}
	if from == 0 {
		begun = append(begun, s.block.lead...)
	}
	return e, append(begun, s.block.buf[from:s.off]...)
}
