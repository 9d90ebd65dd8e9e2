package hub

import (
	"sync"
	"time"
)

const (
	// occupantsListed bounds the people whom an answer names.
	occupantsListed = 200
	// companyListed bounds those whom a welcome in text names, beside oneself.
	companyListed = 20
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
	members   []*member
	streams   []*stream
	last      int64 // id of the newest message heard
	saying    int   // messages that the journal has not committed yet
	leaving   int   // members who still read a stream that they left
	closed    bool  // nothing more is said here: the server ends
	abandoned bool  // what the journal has not committed is not waited for
	unstored  bool  // what is said is not stored, as the room knows
	crowd     crowd
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
func (r *room) tellAll(e Event) {
	if r.record(e) {
		r.sweepSoon()
	}
}

// record puts e behind everything else that the room was told, and reports whether that
// is something for a sweep. r.mu is held.
func (r *room) record(e Event) bool {
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

// enter puts m into the room, whose comings and goings it hears from now on, though not
// its own. Live events are held back until m.release. r.mu is held.
func (r *room) enter(m *member) {
	r.arrived(m)
	m.index = len(r.members)
	r.members = append(r.members, m)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.room = r
	m.held = true
	m.stop = cursor{}
	m.cur = r.listen(m.codec)
}

// leave takes m out of the room when all that it said has its place, and tells the
// others. m is still owed what the room was told until then; settle waits for it.
func (r *room) leave(m *member, word string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweepRest(m)
	r.await(func() bool { return m.saying == 0 && (!r.closed || r.saying == 0) })
	last := len(r.members) - 1
	r.members[m.index] = r.members[last]
	r.members[m.index].index = m.index
	r.members[last] = nil
	r.members = r.members[:last]
	r.part(m)
	r.departed(m, word)
}

// listen returns the live end of the codec's stream, for one more reader. r.mu is held.
func (r *room) listen(codec Codec) cursor {
	for _, s := range r.streams {
		if s.codec == codec {
			s.users++
			return s.end()
		}
	}
	s := newStream(codec, r.hub.window, &r.hub.backlog, r.last)
	s.users = 1
	if len(codec.Append(nil, Ping{Idle: true})) > 0 {
		s.ping = time.AfterFunc(pingEvery, func() { r.pingAll(s) })
	}
	r.streams = append(r.streams, s)
	return s.end()
}

// part makes m's stream end here for m. r.mu is held.
func (r *room) part(m *member) {
	r.leaving++
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, s := range r.streams {
		if s.codec != m.codec {
			continue
		}
		m.stop, m.told = s.end(), s.tail.told()
		s.users--
		if s.users == 0 {
			if s.ping != nil {
				s.ping.Stop()
			}
			s.trim() // who still reads it holds what it needs
			r.streams = append(r.streams[:i], r.streams[i+1:]...)
		}
		return
	}
}

// settle waits until m, which has left, got all that it is owed from the room.
func (r *room) settle(m *member) {
	m.drain()
	m.mu.Lock()
	m.cur, m.stop = cursor{}, cursor{}
	m.mu.Unlock()
	r.mu.Lock()
	r.leaving--
	r.mu.Unlock()
}

// resume takes m from its stream to the one of a format, at the same place, and tells it
// in JSON what it finds there. Live events are held back until m.release.
func (r *room) resume(m *member, format Format, ref string) {
	r.mu.Lock()
	r.part(m)
	next := r.listen(m.codecs[format])
	found := append([]Event{r.welcome(m, format, ref)}, r.standing()...)
	r.mu.Unlock()
	r.settle(m)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return
	}
	m.held = true
	m.cur = next
	if format == JSON || m.format == format {
		for _, e := range found { // before anything else in it
			m.out = m.codecs[format].Append(m.out, e)
		}
	}
	m.format, m.codec = format, m.codecs[format]
}

// pingAll gives the readers of one stream a sign of life.
func (r *room) pingAll(s *stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.users == 0 {
		return
	}
	idle := time.Since(s.told)
	ping := Ping{Idle: idle >= pingEvery}
	if s.append(ping) > 0 {
		r.sweepSoon()
	}
	if ping.Idle {
		s.told, idle = time.Now(), 0
	}
	s.ping.Reset(pingEvery - idle)
}

// welcome makes what m is told in a format about the room that it is in. r.mu is held.
func (r *room) welcome(m *member, format Format, ref string) *Welcome {
	listed := occupantsListed
	if format == Text {
		listed = companyListed
	}
	return &Welcome{
		Ref:       ref,
		Room:      r.name,
		Nick:      m.nick,
		Occupants: r.occupants(m, listed),
		Count:     len(r.members),
		Last:      r.last,
		Version:   r.hub.version,
	}
}

// occupants lists the room's people, the first of them in a large room, and m in any
// case. r.mu is held.
func (r *room) occupants(m *member, most int) []Occupant {
	who := make([]Occupant, min(len(r.members), most))
	for i := range who {
		who[i] = Occupant{r.members[i].nick, r.members[i].via}
	}
	if m.index >= len(who) {
		who[len(who)-1] = Occupant{m.nick, m.via}
	}
	return who
}

// moveOn puts m's cursor, which fell out of the window, on the oldest chunk in it, or on
// its stop where that fell out too, and tells m what it missed.
func (r *room) moveOn(m *member) {
	r.mu.Lock()
	m.mu.Lock()
	c := m.cur.chunk
	m.mu.Unlock()
	if c == nil {
		r.mu.Unlock()
		return
	}
	gap := Gap{After: c.last}
	r.mu.Unlock()
	lost := r.hub.journal.Lacks(r.name, gap.After) // not under the room's lock

	r.mu.Lock()
	defer r.mu.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cur.chunk != c {
		return
	}
	s := m.cur.stream
	stays := m.stop.chunk == nil
	if s.head.seq == c.seq+1 { // it had read the last that left: nothing is missed
		m.cur = cursor{s.head, 0, s}
		return
	}
	if stays || s.head.seq <= m.stop.chunk.seq {
		m.cur = cursor{s.head, 0, s}
		gap.Missed, gap.Before = s.head.before-c.told(), firstIn(s.head)
	} else {
		m.cur = m.stop
		gap.Missed = max(m.told-c.told(), 0)
	}
	gap.Lost = lost && gap.Missed > 0 // presence is nowhere kept
	m.out = m.codec.Append(m.out, &gap)
	if stays {
		r.tellAgain(m, m.cur.chunk.prior)
	}
}

// tellAgain tells m what it may have missed beside messages: in JSON who is here, and in
// either format what still holds. last is the newest id before what it hears next. r.mu
// and m.mu are held.
func (r *room) tellAgain(m *member, last int64) {
	if m.format == JSON {
		welcome := r.welcome(m, JSON, "")
		welcome.Last = last
		m.out = m.codec.Append(m.out, welcome)
	}
	for _, e := range r.standing() {
		m.out = m.codec.Append(m.out, e)
	}
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

// renamed gives m another name, in the room's order. hub.mu and r.mu are held.
func (r *room) renamed(m *member, nick string) {
	if nick != m.nick {
		r.tellAll(&Renamed{At: time.Now(), Room: r.name, Nick: m.nick, To: nick})
	}
	m.nick = nick
}

// close lets nothing more be said, once what the journal has is heard.
func (r *room) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.changed.Broadcast()
}
