package hub

import (
	"slices"
	"sync"
	"time"

	"partyline/hub/wire"
)

// maxListed is the largest number of members that an answer lists.
const maxListed = 200

// A room sends the same events to all its members in the same order. Its mu decides that order;
// the holder of mu does not wait for a member.
type room struct {
	hub      *Hub
	name     string
	entering int       // sessions that have opened the room and not entered it; guarded by hub.mu
	loaded   sync.Once // see load

	mu               sync.Mutex
	members          []*member // the announced ones first
	announced        int       // the number of announced members
	streams          []*stream
	lastID           int64 // of the newest message in the streams
	uncommitted      int   // messages that the journal has not committed yet
	uncommittedBytes int64 // their size
	closed           bool  // the room takes no more messages: the hub shuts down
	abandoned        bool  // no goroutine waits for uncommitted messages any more
	unstored         bool  // the last notice said that messages are not stored
	presence         presence
	backpressure     backpressure

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
		last := r.hub.opt.Journal.Open(r.name, r.hear)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lastID = max(r.lastID, last) // hear may have been called
	})
}

// broadcastLocked sends e to all members, after all earlier events.
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
	if r.sweep.unsweptBytes == 0 {
		r.sweep.unsweptSince = now
	}
	r.sweep.unsweptBytes += n
	r.backpressure.uncheckedBytes += n
	r.sweep.dirty = r.sweep.dirty || n > 0
	return n > 0
}

// leave takes m out of the room when its messages are committed, and sends the others an event.
// If m has ended, its name is free from then on. m still gets the events before its leave:
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
		r.hub.nicks.release(m, r.name)
	}
	if m.announced {
		r.presence.sendLeaveLocked(m, text)
	}
}

// addLocked adds m to the members, before m has a cursor in a stream of the room. It announces m
// unless m is silent. If m takes the place of a member that the others see, they do not learn of it.
func (r *room) addLocked(m *member, inPlace bool) {
	m.index = len(r.members)
	r.members = append(r.members, m)
	m.entered = time.Now()
	switch {
	case inPlace:
		if !m.announced {
			r.presence.logJoin(m)
		}
		r.presence.listLocked(m)
	case m.replaced.Load():
		m.announced = false
	case m.announced:
		r.presence.joinLocked(m)
	case !m.session.silent:
		r.presence.announceLocked(m)
	case r.presence.announceTimer == nil:
		r.presence.announceTimer = time.AfterFunc(announceDelay, r.presence.announceWaiting)
	}
}

// removeLocked removes m from the members.
func (r *room) removeLocked(m *member) {
	if m.announced {
		r.announced--
		r.swapLocked(m.index, r.announced)
	}
	last := len(r.members) - 1
	r.swapLocked(m.index, last)
	r.members[last] = nil
	r.members = r.members[:last]
	if r.announced == last && r.presence.announceTimer != nil {
		r.presence.announceTimer.Stop()
		r.presence.announceTimer = nil
	}
}

// swapLocked swaps two members.
func (r *room) swapLocked(i, j int) {
	r.members[i], r.members[j] = r.members[j], r.members[i]
	r.members[i].index, r.members[j].index = i, j
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

// setFormat moves m to the stream of another format, at the same event. In JSON m gets a welcome
// first. m gets the later events after the caller calls release.
func (r *room) setFormat(m *member, format wire.Format, ref string) {
	r.mu.Lock()
	m.out.mu.Lock()
	m.out.leaveStreamLocked()
	next := r.streamLocked(m.out.codecs[format]).endLocked()
	next.stream.addReaderLocked(m)
	m.out.mu.Unlock()
	found := append([]wire.Event{r.welcomeLocked(m, format, ref)}, r.noticesLocked()...)
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
		Token:     r.tokenLocked(m, format),
		Occupants: r.occupantsLocked(m, listed),
		Count:     r.countForLocked(m),
		Last:      r.lastID,
		Version:   r.hub.opt.Version,
		MaxBytes:  wire.MaxMessage(r.hub.opt.MaxLine),
		MaxTexts:  r.hub.maxTexts(),
	}
}

// tokenLocked returns the token of m for a welcome in a format.
func (r *room) tokenLocked(m *member, format wire.Format) string {
	if format != wire.JSON {
		return ""
	}
	return r.hub.nicks.tokenOf(m)
}

// occupantsLocked lists at most limit announced members, and m in any case.
func (r *room) occupantsLocked(m *member, limit int) []wire.Occupant {
	now := r.hub.uptime()
	listed := make([]wire.Occupant, min(r.announced, limit), min(r.announced+1, limit))
	for i := range listed {
		listed[i] = r.members[i].occupantLocked(now)
	}
	switch {
	case m.index < len(listed):
	case len(listed) < limit:
		listed = append(listed, m.occupantLocked(now))
	default:
		listed[limit-1] = m.occupantLocked(now)
	}
	if r.hub.opt.Directory != nil {
		listed = append(listed, r.hub.peers.list(r.name, limit-len(listed), now)...)
	}
	return listed
}

// totalLocked returns the number of announced members, with those on other servers.
func (r *room) totalLocked() int {
	if r.hub.opt.Directory == nil {
		return r.announced
	}
	return r.announced + r.hub.peers.count(r.name)
}

// occupantLocked returns m as other members see it, at an uptime. The caller holds the mu of m's room.
func (m *member) occupantLocked(uptime time.Duration) wire.Occupant {
	return wire.Occupant{Nick: m.nick, Via: m.via, Idle: m.activity.idle(uptime)}
}

// countForLocked returns the number of members that m sees, including m.
func (r *room) countForLocked(m *member) int {
	if m.announced {
		return r.totalLocked()
	}
	return r.totalLocked() + 1
}

// tidy releases memory if the room was busy before the last call, and quiet since.
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
