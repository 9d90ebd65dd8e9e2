package hub

import (
	"container/list"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// outboxLimit bounds what waits for one member alone. Its own requests wait for place;
// what others send it is refused.
const outboxLimit = 64 << 10

// maxAnswerLag is how many bytes may lie between a member and its own last message for an
// answer to wait for its place after that message. A member that is further behind gets
// the answer at once.
const maxAnswerLag = 64 << 10

// A member is somebody on the line.
//
// Whoever finds that a member is owed something writes it: a sweep, its session, or the
// goroutine that it has while it is behind. The flag writing says that one of them does,
// and that this one will look again before it stops.
type member struct {
	// What a sweep needs stands together at the beginning: in a large room it finds the
	// memory of most members cold.
	mu      sync.Mutex // never held while writing; taken after a room's
	writing bool       // somebody writes
	parting bool       // it reads no more of its stream after limit
	try     TryWriter  // nil if conn can't write without waiting
	cur     cursor     // what it reads next; see seek
	limit   int64      // the place in its stream up to which it reads
	out     outbox     // owed to this member alone, at places up to limit
	own     span       // its own arrival in its stream, which it does not read
	broken  error      // nothing can be written any more

	// Guarded by mu too.
	room     *room // written in its turn too; nil until it has its welcome
	format   wire.Format
	said     int64         // the place after what its room was told of it last
	told     int64         // if parting: messages of the stream up to limit
	lag      *list.Element // in its room's flow, while it is behind
	progress chan struct{} // closed at the next progress; nil when nobody waits
	readOn   *time.Timer   // ends it if its input is read for too long after broken; else nil
	ended    bool          // nothing more is read
	turn     bool          // a line of its own is handled, or it is ended; see takeTurn

	over error  // why it ended; guarded by its turn
	word string // its parting word; guarded by its turn

	// Written under hub.nicks.mu and, if it is in a room, the room's mu: either suffices to
	// read.
	nick  string
	looks []string // under which hub.nicks has it; under hub.nicks.mu alone

	// Guarded by its room's mu.
	index     int       // in room.members
	known     bool      // the others know of it: it is among the first in room.members
	came      time.Time // into the room
	saying    int       // messages that the journal has not committed yet
	placeless int       // bytes of their texts
	ahead     int       // bytes that it said while somebody was behind
	sweeps    bool      // its session is to sweep what it said; written by the session alone

	quiet     bool                 // its session's: it has asked for nothing, as far as its session knows
	verbatim  bool                 // its session's: its lines of text are said as they are
	spoke     bool                 // its session's: the room has something of it that it may not have heard yet
	unasked   int                  // its session's: lines and frames in a row that asked for nothing, while it was broken
	slowed    bool                 // its session's: it has the notice that it is read more slowly
	allowance *admission.Allowance // its session's; nil until it says something
	slot      admission.Slot
	newRooms  *rate.Limiter // its own, made with its first room; nil if its address has one

	hub    *Hub
	conn   Conn
	lines  LineBuffer // nil where conn can't tell
	via    string
	addr   string
	codecs [2]Codec

	wg sync.WaitGroup // goroutines started for this member
}

func newMember(h *Hub, who *Caller, c Conn) *member {
	m := &member{
		hub: h, conn: c, via: who.Via, addr: who.Addr, slot: who.Slot,
		format: who.Format, codecs: who.Codecs,
	}
	m.try, _ = c.(TryWriter)
	m.lines, _ = c.(LineBuffer)
	return m
}

// flush writes what m is owed as far as that needs no waiting, and leaves the rest to a
// goroutine. It reports whether m is owed nothing now.
func (m *member) flush() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.writing {
		return false
	}
	m.writing = true
	for {
		frames, own := m.owed()
		switch {
		case frames == nil:
			m.rest()
			return m.limit == noLimit
		case m.try == nil:
			m.fallBehind()
			return false
		}
		switch err := m.write(m.tryWrite, frames, own); err {
		case nil:
		case ErrWouldBlock:
			m.fallBehind()
			return false
		default:
			m.fail(err)
			return true
		}
	}
}

// fallBehind gives m a goroutine until it has caught up.
func (m *member) fallBehind() {
	r := m.room
	r.flow.fallBehind(m)
	m.wg.Go(func() {
		m.catchUp(r)
		r.progress()
	})
}

// catchUp writes what m is owed, waiting for m, until it is owed nothing.
func (m *member) catchUp(r *room) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer r.flow.catchUp(m)
	for begun := false; ; begun = true {
		frames, own := m.owed()
		if frames == nil && begun {
			m.rest()
			return
		}
		if err := m.write(m.conn.Write, frames, own); err != nil {
			m.fail(err)
			return
		}
		r.flow.took(m)
		m.mu.Unlock() // a room's lock comes first
		r.progress()
		m.mu.Lock()
	}
}

// owed returns the next frames for m, and whether they are from its outbox. A broken member
// passes over what its stream has, so that it keeps nothing of that in memory.
func (m *member) owed() (frames []byte, own bool) {
	for {
		limit := m.limit
		if !m.out.empty() {
			first := &m.out.parts[0]
			if m.cur.place() >= first.at {
				return first.frames, true
			}
			limit = first.at
		}
		passOver := m.broken != nil
		if m.own.to > 0 { // its own arrival is not passed yet
			switch place := m.cur.place(); {
			case place < m.own.from:
				limit = min(limit, m.own.from)
			case place < m.own.to:
				limit, passOver = m.own.to, true
			default:
				m.own = span{}
			}
		}
		frames, fell := m.cur.unread(limit)
		switch {
		case fell:
			c := m.cur
			m.mu.Unlock()
			m.moveOn(c)
			m.mu.Lock()
		case len(frames) == 0 || !passOver:
			return frames, false
		default:
			m.cur.off += int64(len(frames))
		}
	}
}

// write writes frames and takes off what m has got of them. m.mu is released meanwhile.
func (m *member) write(write func([]byte) (int, error), frames []byte, own bool) error {
	m.mu.Unlock()
	n, err := m.guard(write, frames)
	m.mu.Lock()
	switch {
	case m.broken != nil:
		return m.broken
	case !own:
		m.cur.off += int64(n)
	default:
		m.out.took(n)
	}
	if n > 0 {
		m.wake()
	}
	return err
}

func (m *member) tryWrite(frames []byte) (int, error) { return m.try.TryWrite(frames) }

// guard keeps a panic of m's Conn from whoever writes to it.
func (m *member) guard(write func([]byte) (int, error), frames []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			m.logPanic(p)
			n, err = 0, ErrFault
		}
	}()
	return write(frames)
}

func (m *member) logPanic(p any) {
	m.hub.log.Error("panic in a member's session", "via", m.via, "addr", m.addr,
		"panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}

// rest ends the writing.
func (m *member) rest() {
	m.writing = false
	m.wake()
}

// give drops all that m is owed: it can't be written any more.
func (m *member) give(why error) {
	m.broken = why
	m.out.drop()
	m.wake()
}

func (m *member) wake() {
	if m.progress != nil {
		close(m.progress)
		m.progress = nil
	}
}

// waitUntil blocks until done holds, which it asks under m.mu after each progress.
func (m *member) waitUntil(done func() bool) {
	m.mu.Lock()
	for !done() {
		if m.progress == nil {
			m.progress = make(chan struct{})
		}
		progress := m.progress
		m.mu.Unlock()
		<-progress
		m.mu.Lock()
	}
	m.mu.Unlock()
}

// takeTurn waits until nobody else has m's turn, and takes it: one goroutine at a time
// handles a line of m's, or ends m. A turn may wait for other members and for the journal,
// so it is no mutex.
func (m *member) takeTurn() {
	m.waitUntil(func() bool {
		taken := m.turn
		m.turn = true
		return !taken
	})
}

// endTurn gives up m's turn.
func (m *member) endTurn() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn = false
	m.wake()
}

// drain blocks until m has everything that it is owed, or can't be given it.
func (m *member) drain() {
	m.flush()
	m.waitUntil(func() bool { return !m.writing })
}

// codec returns the Codec of m's format.
func (m *member) codec() Codec { return m.codecs[m.format] }

// append puts events into m's outbox, after what is there. m.mu is held.
func (m *member) append(events ...wire.Event) { m.appendAt(0, events...) }

// appendAt is append for events that come after a place in m's stream. m.mu is held.
func (m *member) appendAt(place int64, events ...wire.Event) {
	if m.broken != nil {
		return
	}
	for _, e := range events {
		m.out.put(m.codec(), e, place)
	}
}

// queue puts events into m's outbox without writing them. What m itself did not ask for
// is offered instead.
func (m *member) queue(events ...wire.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(events...)
}

// answer is queue for the answer to a request: it comes after what the room was told of m
// before, unless m is far behind that.
func (m *member) answer(events ...wire.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.appendAt(m.said, events...)
	if m.said-m.cur.place() > maxAnswerLag {
		m.out.hurry()
	}
}

// tell gives m events in answer to what it asked, and after what the room was told before
// if m takes that at once. It waits while the outbox is full.
func (m *member) tell(events ...wire.Event) {
	m.flush()
	m.answer(events...)
	m.flush()
	m.makePlace()
}

// makePlace waits where the outbox is full.
func (m *member) makePlace() {
	if m.fullUp() {
		m.sweep()
		m.flush()
		m.waitUntil(func() bool { return m.out.size() < outboxLimit })
	}
}

// fullUp reports whether the outbox is full.
func (m *member) fullUp() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.out.size() >= outboxLimit
}

// offer gives m an event that another member wants it to have. If both are in one room, m gets
// it after what the room was told before, unless m still has much of that to read. It reports
// false if m can't take it now, or does not have its welcome yet.
func (m *member) offer(from *member, e wire.Event) bool {
	m.mu.Lock()
	if m.room == nil || m.broken != nil || m.out.size() >= outboxLimit {
		m.mu.Unlock()
		return false
	}
	place := int64(0)
	if behind := m.cur.behind(); m.room == from.room && behind <= maxAnswerLag {
		place = min(m.cur.place()+behind, m.limit)
	}
	m.appendAt(place, e)
	m.mu.Unlock()
	m.flush()
	return true
}

// isBroken reports whether nothing can be written to m any more.
func (m *member) isBroken() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.broken != nil
}
