package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// maxListed is the largest number of members that an answer lists.
	maxListed = 200
	// pingInterval is the time between two pings of a stream.
	pingInterval = 25 * time.Second
)

// A room sends the same events to all its members in the same order. Its mu decides that order;
// the holder of mu does not wait for a member.
type room struct {
	hub      *Hub
	name     string
	entering int // sessions that have opened the room and not entered it; guarded by hub.mu
	loaded   sync.Once

	mu           sync.Mutex
	members      []*member // the announced ones first
	announced    int       // number of these
	streams      []*stream
	lastID       int64 // of the newest message in the streams
	uncommitted  int   // messages that the journal has not committed yet
	closed       bool  // the room takes no more messages: the hub shuts down
	abandoned    bool  // no goroutine waits for uncommitted messages
	unstored     bool  // the last notice says that messages are not stored
	presence     presence
	backpressure backpressure

	sweep   sweep
	changed sync.Cond // signals a change that a session may wait for
}

func newRoom(h *Hub, name string) *room {
	r := &room{hub: h, name: name}
	r.changed.L = &r.mu
	r.sweep.room, r.presence.room, r.backpressure.room = r, r, r
	return r
}

// load opens the room in the journal, once. It may wait for a disk, so the caller holds no lock.
func (r *room) load() {
	r.loaded.Do(func() {
		last := r.hub.opt.Journal.Open(r.name)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lastID = last
	})
}

// broadcastLocked sends e to all members, after the events before it.
func (r *room) broadcastLocked(e wire.Event) {
	if r.appendLocked(e) {
		r.sweep.startLocked()
	}
}

// appendLocked appends e to all streams, and reports whether there is something to sweep.
func (r *room) appendLocked(e wire.Event) bool {
	n := 0
	now := time.Now()
	for _, s := range r.streams {
		n += s.appendLocked(e)
		s.lastEvent = now
	}
	r.sweep.unsweptBytes += n
	r.backpressure.uncheckedBytes += n
	r.sweep.dirty = r.sweep.dirty || n > 0
	return n > 0
}

// enterLocked puts m into the room. m gets the welcome, the refusals, and the notices that hold,
// and after release all later events of the room but its own arrival.
func (r *room) enterLocked(m *member, ref string, refused []wire.Event) *wire.Welcome {
	r.addLocked(m)
	m.out.mu.Lock()
	defer m.out.mu.Unlock()
	m.room = r // from now on other members can send to m, so it gets the welcome in the same step
	m.out.seekLocked(r.streamLocked(m.out.codecLocked()).endLocked())
	m.out.holdLocked()
	welcome := r.welcomeLocked(m, m.out.format, ref)
	m.out.appendLocked(welcome)
	m.out.appendLocked(refused...)
	m.out.appendLocked(r.stateLocked()...)
	return welcome
}

// leave takes m out of the room when its messages are committed, and sends the others an event.
// If m has ended, its name is free from then on. m still gets the events up to its departure:
// switchStream waits for that. The caller holds m's turn.
func (r *room) leave(m *member, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep.handOverLocked(m)
	r.awaitLocked(func() bool { return m.uncommitted == 0 && (!r.closed || r.uncommitted == 0) })
	r.removeLocked(m)
	m.out.mu.Lock()
	m.out.leaveStreamLocked()
	m.out.mu.Unlock()
	if m.session.endErr != nil {
		r.hub.nicks.release(m)
	}
	if m.announced {
		r.presence.leftLocked(m, text)
	}
}

// streamLocked returns the stream of a codec, and creates it if there is none. The caller adds a
// reader.
func (r *room) streamLocked(codec Codec) *stream {
	for _, s := range r.streams {
		if s.codec == codec {
			return s
		}
	}
	s := newStreamLocked(r, codec)
	r.streams = append(r.streams, s)
	return s
}

// dropLocked removes a stream.
func (r *room) dropLocked(s *stream) {
	r.streams = slices.DeleteFunc(r.streams, func(other *stream) bool { return other == s })
}

// setFormat moves m to the stream of another format, after the same events. In JSON m gets a
// welcome there. m gets the events after that when the caller calls release.
func (r *room) setFormat(m *member, format wire.Format, ref string) {
	r.mu.Lock()
	m.out.mu.Lock()
	m.out.leaveStreamLocked()
	next := r.streamLocked(m.out.codecs[format]).endLocked()
	next.stream.addReaderLocked(m)
	m.out.mu.Unlock()
	found := append([]wire.Event{r.welcomeLocked(m, format, ref)}, r.stateLocked()...)
	r.mu.Unlock()
	r.switchStream(m, next, func() {
		m.out.format = format
		if format == wire.JSON {
			m.out.appendLocked(found...)
		}
	})
}

// welcomeLocked returns the welcome for m in a format.
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
		Version:   r.hub.opt.Version,
	}
}

// occupantsLocked lists at most limit announced members, and m in any case.
func (r *room) occupantsLocked(m *member, limit int) []wire.Occupant {
	listed := make([]wire.Occupant, min(r.announced, limit), min(r.announced+1, limit))
	for i := range listed {
		listed[i] = wire.Occupant{Nick: r.members[i].nick, Via: r.members[i].via}
	}
	switch {
	case m.index < len(listed):
	case len(listed) < limit:
		listed = append(listed, wire.Occupant{Nick: m.nick, Via: m.via})
	default:
		listed[limit-1] = wire.Occupant{Nick: m.nick, Via: m.via}
	}
	return listed
}

// countForLocked returns the number of members that m sees, including m.
func (r *room) countForLocked(m *member) int {
	if m.announced {
		return r.announced
	}
	return r.announced + 1
}

// skipGap moves a cursor that fell out of the window at c to the oldest chunk in the window, and
// appends a gap notice after the answers that belong into the gap. The goroutine that writes to
// o calls it. If o has left the stream meanwhile, it does nothing.
func (o *outbox) skipGap(c cursor) {
	r := c.stream.room
	r.mu.Lock()
	gap := wire.Gap{After: c.chunk.lastID}
	r.mu.Unlock()
	page, err := r.hub.opt.Journal.Read(r.name, history.Range{After: gap.After}) // it may take a lock of the journal
	lost := err == nil && len(page.Gaps) > 0

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
	if head.seq == c.chunk.seq+1 { // the member missed nothing
		return
	}
	gap.Before, gap.Missed = firstIDLocked(head), head.messagesBefore-c.chunk.messagesThrough()
	if o.leaving && head.messagesBefore >= o.messagesToLimit { // no event for the member follows the gap
		gap.Before, gap.Missed = 0, o.messagesToLimit-c.chunk.messagesThrough()
	}
	gap.Lost = lost && gap.Missed > 0 // a gap without messages is of presence, which history does not have
	later := o.queue.cutAfter(head.at)
	o.appendLocked(&gap)
	if !o.leaving {
		r.resyncLocked(o.member, head.lastIDBefore)
	}
	o.queue.segments = append(o.queue.segments, later...)
}

// resyncLocked sends m what it may have missed besides messages: in JSON the members, and in
// both formats the notices that hold. last is the newest id before what m gets next. The caller
// holds r.mu and m's mu.
func (r *room) resyncLocked(m *member, last int64) {
	if m.out.format == wire.JSON {
		welcome := r.welcomeLocked(m, wire.JSON, "")
		welcome.Last = last
		m.out.appendLocked(welcome)
	}
	m.out.appendLocked(r.stateLocked()...)
}

// tidy releases memory of a room that was busy, but not since the last call.
func (r *room) tidy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.streams {
		if s.shrinkLocked() {
			r.sweep.startLocked() // moves the members out of the large chunk
		}
	}
}

// close makes the room take no more messages.
func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.changed.Broadcast()
}
