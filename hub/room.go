package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/wire"
)

const (
	// occupantsListed bounds the people whom an answer names.
	occupantsListed = 200
	// pingEvery is the time between two signs of life.
	pingEvery = 25 * time.Second
)

// A room is a place where everybody hears the same in the same order. Its lock decides
// that order: messages, comings, goings and names. Nothing under it waits for a member.
type room struct {
	hub    *Hub
	name   string
	coming int // members for whom it was opened and who have not entered; guarded by hub.mu
	loaded sync.Once

	mu        sync.Mutex // taken after hub.mu, before a member's
	members   []*member  // first those that the others know of
	known     int        // how many these are
	streams   []*stream
	last      int64 // id of the newest message heard
	saying    int   // messages that the journal has not committed yet
	closed    bool  // nothing more is said here: the server ends
	abandoned bool  // what the journal has not committed is not waited for
	unstored  bool  // what is said is not stored, as the room knows
	crowd     crowd
	stayed    *time.Timer // announces members that have stayed; nil if all are known
	flow      flow

	sweeping bool // a sweep runs
	dirty    bool // there is something that it has not begun with
	unswept  int  // bytes of that
	changed  sync.Cond
	batch    []*member // the sweep's own
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
		r.last = last
	})
}

// tellAll puts e behind everything else that the room was told, and sees to it that the
// members get it. r.mu is held.
func (r *room) tellAll(e wire.Event) {
	if r.record(e) {
		r.sweepSoon()
	}
}

// record puts e behind everything else that the room was told, and reports whether that
// is something for a sweep. r.mu is held.
func (r *room) record(e wire.Event) bool {
	n := 0
	now := time.Now()
	for _, s := range r.streams {
		n += s.append(e)
		s.told = now
	}
	r.unswept += n
	r.flow.unseen += n
	r.dirty = r.dirty || n > 0
	return n > 0
}

// enter puts m into the room. m is told the welcome, what it did wrong on the way, and what
// else holds here, and from then on what the room is told, but not its own arrival. Until
// m.free it is held there. r.mu is held.
func (r *room) enter(m *member, ref string, wrong []wire.Event) *wire.Welcome {
	r.add(m)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room = r // from here on others can write to m, so the welcome comes with it
	m.seek(r.stream(m.codec()).end())
	m.hold()
	welcome := r.welcome(m, m.format, ref)
	m.append(welcome)
	m.append(wrong...)
	m.append(r.standing()...)
	return welcome
}

// leave takes m out of the room when all that it said has its place, and tells the
// others. The name of a member that is over is free in the same step. m is still owed what
// the room was told until then; settle waits for it. m's turn is held.
func (r *room) leave(m *member, word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweepRest(m)
	r.await(func() bool { return m.saying == 0 && (!r.closed || r.saying == 0) })
	r.remove(m)
	m.mu.Lock()
	m.part()
	m.mu.Unlock()
	if m.over != nil {
		r.hub.nicks.release(m)
	}
	if m.known {
		r.departed(m, word)
	}
}

// stream returns the codec's stream, and makes it if there is none. r.mu is held, and the
// caller gives it a reader.
func (r *room) stream(codec Codec) *stream {
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
func (r *room) drop(s *stream) {
	r.streams = slices.DeleteFunc(r.streams, func(other *stream) bool { return other == s })
}

// reformat takes m from its stream to the one of another format, at the same place. In JSON
// m is told there what it finds. Until m.free it is held there.
func (r *room) reformat(m *member, format wire.Format, ref string) {
	r.mu.Lock()
	m.mu.Lock()
	m.part()
	next := r.stream(m.codecs[format]).end()
	next.stream.keep(m)
	m.mu.Unlock()
	found := append([]wire.Event{r.welcome(m, format, ref)}, r.standing()...)
	r.mu.Unlock()
	r.settle(m, next, func() {
		m.format = format
		if format == wire.JSON {
			m.append(found...)
		}
	})
}

// welcome makes what m is told in a format about the room that it is in. r.mu is held.
func (r *room) welcome(m *member, format wire.Format, ref string) *wire.Welcome {
	listed := occupantsListed
	if format == wire.Text {
		listed = wire.MaxNamed
	}
	return &wire.Welcome{
		Ref:       ref,
		Room:      r.name,
		Nick:      m.nick,
		Occupants: r.occupants(m, listed),
		Count:     r.countWith(m),
		Last:      r.last,
		Version:   r.hub.version,
	}
}

// occupants lists the members that m may know of, the first of them in a large room, and m
// in any case. r.mu is held.
func (r *room) occupants(m *member, most int) []wire.Occupant {
	listed := make([]wire.Occupant, min(r.known, most), min(r.known+1, most))
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
func (r *room) countWith(m *member) int {
	if m.known {
		return r.known
	}
	return r.known + 1
}

// moveOn puts the cursor of m, which fell out of the window at c, on the oldest chunk in it,
// and tells m what it missed, after the answers that had a place in that. m's writer calls it.
// If m has broken and left the stream meanwhile, moveOn does nothing.
func (m *member) moveOn(c cursor) {
	r := c.stream.room
	r.mu.Lock()
	gap := wire.Gap{After: c.chunk.last}
	r.mu.Unlock()
	lost := r.hub.journal.Lacks(r.name, gap.After) // not under the room's lock

	r.mu.Lock()
	defer r.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cur != c {
		return
	}
	head := c.stream.head
	m.seek(cursor{head, 0, c.stream})
	if m.broken != nil {
		return
	}
	if head.seq == c.chunk.seq+1 { // m had read the last chunk that left: it missed nothing
		return
	}
	gap.Before, gap.Missed = firstIn(head), head.before-c.chunk.told()
	if m.parting && head.before >= m.told { // nothing that m is owed comes after the gap
		gap.Before, gap.Missed = 0, m.told-c.chunk.told()
	}
	gap.Lost = lost && gap.Missed > 0 // presence is kept nowhere
	later := m.out.cut(head.at)
	m.append(&gap)
	if !m.parting {
		r.tellAgain(m, head.prior)
	}
	m.out.parts = append(m.out.parts, later...)
}

// tellAgain tells m what it may have missed besides messages: in JSON who is here, and in
// either format what still holds. last is the newest id before what it hears next. r.mu
// and m.mu are held.
func (r *room) tellAgain(m *member, last int64) {
	if m.format == wire.JSON {
		welcome := r.welcome(m, wire.JSON, "")
		welcome.Last = last
		m.append(welcome)
	}
	m.append(r.standing()...)
}

// tidy gives up memory that the room needed when it was busy.
func (r *room) tidy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.streams {
		if s.shrink() {
			r.sweepSoon() // which moves everybody on
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
