//go:build linux

package load

import "sync"

// A room determines the order of its messages: the order in which the first member
// receives them. All other members have to receive them in the same order.
//
// Members with equal codecs receive equal bytes. So a room keeps one transcript for each
// codec and parses it once. The bytes of each member are compared with the transcript, which
// costs as little as a copy. If they differ, they are parsed on their own.
type room struct {
	magic magic
	rooms int // number of rooms in the run; talker i is in room i % rooms

	mu          sync.RWMutex
	transcripts map[codec]*transcript
	positions   [][]uint32 // by talker and sequence number; 0 if no member received the message
	newest      uint32     // the greatest position; the first message has 2
}

// maxSkip is the greatest number of consecutive messages of one talker that a room counts as
// lost. A header with a greater sequence number is not from this run.
const maxSkip = 1 << 20

func newRoom(m magic, rooms, talkers int) *room {
	return &room{
		magic: m, rooms: rooms, newest: 1,
		transcripts: make(map[codec]*transcript),
		positions:   make([][]uint32, talkers),
	}
}

// recordLocked records that the member of c received a message, and returns the position of
// the message in the order of the room. A message that no member has received before gets
// the next position if c has received the newest message. Otherwise it gets the position of
// the last message that c received, since the other members may have missed it. ok is false
// if the header is of no talker in the room.
func (r *room) recordLocked(c *checker, h header) (position uint32, ok bool) {
	talker := int(h.talker) / r.rooms
	if talker >= len(r.positions) {
		return 0, false
	}
	positions := r.positions[talker]
	if int64(h.seq) > int64(len(positions))+maxSkip {
		return 0, false
	}
	for int(h.seq) >= len(positions) {
		positions = append(positions, 0)
	}
	if positions[h.seq] == 0 {
		positions[h.seq] = c.last
		if c.last == r.newest {
			r.newest++
			positions[h.seq] = r.newest
		}
	}
	r.positions[talker] = positions
	c.record(talker, h.seq, positions[h.seq])
	return positions[h.seq], true
}

// transcriptLocked returns the transcript for a codec. It creates the transcript if there is
// none.
func (r *room) transcriptLocked(c codec) *transcript {
	t := r.transcripts[c]
	if t == nil {
		t = newTranscript(r, c.ws)
		r.transcripts[c] = t
	}
	return t
}
