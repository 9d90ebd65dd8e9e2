package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/wire"
)

const (
	// occupantsListed bounds the people whom an answer names.
	maxListed = 200
	// pingEvery is the time between two signs of life.
	pingInterval = 25 * time.Second
)

// A room is a place where everybody hears the same in the same order. Its lock decides
// that order: messages, comings, goings and names. Nothing under it waits for a member.
type room struct {
	hub      *Hub
	name     string
	entering int // members for whom it was opened and who have not entered; guarded by hub.mu
	loaded   sync.Once

	mu            sync.Mutex // taken after hub.mu, before a member's
	members       []*member  // first those that the others know of
	announced     int        // how many these are
	streams       []*stream
	lastID        int64 // id of the newest message heard
	uncommitted   int   // messages that the journal has not committed yet
	closed        bool  // nothing more is said here: the server ends
	abandoned     bool  // what the journal has not committed is not waited for
	unstored      bool  // what is said is not stored, as the room knows
	presence      presenceBatch
	announceTimer *time.Timer // announces members that have stayed; nil if all are known
	backpressure  backpressure

	sweeping     bool // a sweep runs
	dirty        bool // there is something that it has not begun with
	unsweptBytes int  // bytes of that
	changed      sync.Cond
	sweepBatch   []*member // the sweep's own
}

func newRoom(h *Hub, name string) *room {
	r := &room{hub: h, name: name}
	r.changed.L = &r.mu
	return r
}

// load asks the journal for the newest id, for the first of those that come. It may wait
// for a disk, so no lock is held.
func (r *room) load() {
	r.loaded.Do(func() {
		last := r.hub.journal.Open(r.name)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lastID = last
	})
}

// tellAll puts e behind everything else that the room was told, and sees to it that the
// members get it. r.mu is held.
func (r *room) broadcastLocked(e wire.Event) {
	if r.appendLocked(e) {
		r.sweepSoonLocked()
	}
}

// record puts e behind everything else that the room was told, and reports whether that
// is something for a sweep. r.mu is held.
func (r *room) appendLocked(e wire.Event) bool {
	n := 0
	now := time.Now()
	for _, s := range r.streams {
		n += s.appendLocked(e)
		s.lastEvent = now
	}
	r.unsweptBytes += n
	r.backpressure.uncheckedBytes += n
	r.dirty = r.dirty || n > 0
	return n > 0
}

// enter puts m into the room. m is told the welcome, what it did wrong on the way, and what
// else holds here, and from then on what the room is told, but not its own arrival. Until
// m.free it is held there. r.mu is held.
func (r *room) enterLocked(m *member, ref string, wrong []wire.Event) *wire.Welcome {
	r.addLocked(m)
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.room = r // from here on others can write to m, so the welcome comes with it
	m.out.seekLocked(r.streamLocked(m.out.codecLocked()).end())
	m.out.holdLocked()
	welcome := r.welcomeLocked(m, m.out.format, ref)
	m.out.appendLocked(welcome)
	m.out.appendLocked(wrong...)
	m.out.appendLocked(r.stateLocked()...)
	return welcome
}

// leave takes m out of the room when all that it said has its place, and tells the
// others. The name of a member that is over is free in the same step. m is still owed what
// the room was told until then; settle waits for it. m's turn is held.
func (r *room) leave(m *member, word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handOverSweepLocked(m)
	r.awaitLocked(func() bool { return m.uncommitted == 0 && (!r.closed || r.uncommitted == 0) })
	r.removeLocked(m)
	m.out.mu.Lock()
	m.out.partLocked()
	m.out.mu.Unlock()
	if m.session.endErr != nil {
		r.hub.nicks.release(m)
	}
	if m.announced {
		r.leftLocked(m, word)
	}
}

// stream returns the codec's stream, and makes it if there is none. r.mu is held, and the
// caller gives it a reader.
func (r *room) streamLocked(codec Codec) *stream {
	for _, s := range r.streams {
		if s.codec == codec {
			return s
		}
	}
	s := newStream(r, codec)
	r.streams = append(r.streams, s)
	return s
}

// drop forgets a stream. r.mu is held.
func (r *room) dropLocked(s *stream) {
	r.streams = slices.DeleteFunc(r.streams, func(other *stream) bool { return other == s })
}

// reformat takes m from its stream to the one of another format, at the same place. In JSON
// m is told there what it finds. Until m.free it is held there.
func (r *room) setFormat(m *member, format wire.Format, ref string) {
	r.mu.Lock()
	m.out.mu.Lock()
	m.out.partLocked()
	next := r.streamLocked(m.out.codecs[format]).end()
	next.stream.addReaderLocked(m)
	m.out.mu.Unlock()
	found := append([]wire.Event{r.welcomeLocked(m, format, ref)}, r.stateLocked()...)
	r.mu.Unlock()
	r.finishParting(m, next, func() {
		m.out.format = format
		if format == wire.JSON {
			m.out.appendLocked(found...)
		}
	})
}

// welcome makes what m is told in a format about the room that it is in. r.mu is held.
func (r *room) welcomeLocked(m *member, format wire.Format, ref string) *wire.Welcome {
	listed := maxListed
	if format == wire.Text {
		listed = wire.MaxNamed
	}
	return &wire.Welcome{
		Ref:       ref,
		Room:      r.name,
		Nick:      m.nick,
		Occupants: r.occupantsLocked(m, listed),
		Count:     r.countForLocked(m),
		Last:      r.lastID,
		Version:   r.hub.version,
	}
}

// occupants lists the members that m may know of, the first of them in a large room, and m
// in any case. r.mu is held.
func (r *room) occupantsLocked(m *member, most int) []wire.Occupant {
	listed := make([]wire.Occupant, min(r.announced, most), min(r.announced+1, most))
	for i := range listed {
		listed[i] = wire.Occupant{Nick: r.members[i].nick, Via: r.members[i].via}
	}
	switch {
	case m.index < len(listed):
	case len(listed) < most:
		listed = append(listed, wire.Occupant{Nick: m.nick, Via: m.via})
	default:
		listed[most-1] = wire.Occupant{Nick: m.nick, Via: m.via}
	}
	return listed
}

// countWith returns how many members the room has as m sees it. r.mu is held.
func (r *room) countForLocked(m *member) int {
	if m.announced {
		return r.announced
	}
	return r.announced + 1
}

// moveOn puts the cursor of m, which fell out of the window at c, on the oldest chunk in it,
// and tells m what it missed, after the answers that had a place in that. m's writer calls it.
// If m has broken and left the stream meanwhile, moveOn does nothing.
func (o *outbox) skipGap(c cursor) {
	r := c.stream.room
	r.mu.Lock()
	gap := wire.Gap{After: c.chunk.lastID}
	r.mu.Unlock()
	lost := r.hub.journal.Lacks(r.name, gap.After) // not under the room's lock

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
	if head.seq == c.chunk.seq+1 { // m had read the last chunk that left: it missed nothing
		return
	}
	gap.Before, gap.Missed = firstIn(head), head.messagesBefore-c.chunk.messagesThrough()
	if o.parting && head.messagesBefore >= o.partMessages { // nothing that m is owed comes after the gap
		gap.Before, gap.Missed = 0, o.partMessages-c.chunk.messagesThrough()
	}
	gap.Lost = lost && gap.Missed > 0 // presence is kept nowhere
	later := o.queue.cutAfter(head.at)
	o.appendLocked(&gap)
	if !o.parting {
		r.resyncLocked(o.member, head.lastIDBefore)
	}
	o.queue.parts = append(o.queue.parts, later...)
}

// tellAgain tells m what it may have missed besides messages: in JSON who is here, and in
// either format what still holds. last is the newest id before what it hears next. r.mu
// and m.mu are held.
func (r *room) resyncLocked(m *member, last int64) {
	if m.out.format == wire.JSON {
		welcome := r.welcomeLocked(m, wire.JSON, "")
		welcome.Last = last
		m.out.appendLocked(welcome)
	}
	m.out.appendLocked(r.stateLocked()...)
}

// tidy gives up memory that the room needed when it was busy.
func (r *room) tidy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.streams {
		if s.shrink() {
			r.sweepSoonLocked() // which moves everybody on
		}
	}
}

// close lets nothing more be said, once what the journal has is heard.
func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.changed.Broadcast()
}
