package hub

import (
	"container/list"
	"sync"

	"partyline/hub/wire"
)

// outboxLimit bounds what waits for one member alone. Its own requests wait for place;
// what others send it is refused.
const outboxLimit = 64 << 10

// maxAnswerLag is how many bytes may lie between a member and its own last message for an
// answer to wait for its place after that message. A member that is further behind gets
// the answer at once.
const maxAnswerLag = 64 << 10

// An outbox carries what one member is sent: the stream of its room, from a cursor on, and a
// queue of events for this member alone.
//
// A goroutine that finds the outbox not empty writes: a sweep, the session, or the goroutine
// that a lagging member has. The flag writing says that one of them does, and that it checks
// again before it stops.
type outbox struct {
	mu         sync.Mutex // never held while writing; taken after a room's
	writing    bool       // a goroutine writes
	parting    bool       // the member reads no more of its stream after limit
	try        TryWriter  // nil if the Conn can't write without waiting
	cursor     cursor     // what it reads next; see seek
	limit      int64      // the place in its stream up to which it reads
	queue      queue      // for this member alone, at places up to limit
	ownArrival span       // its own arrival in its stream, which it does not read
	writeErr   error      // nothing can be written any more

	// Guarded by mu too.
	format       wire.Format
	answerAt     int64         // the place after what its room was told of it last
	partMessages int64         // if parting: messages of the stream up to limit
	lagging      *list.Element // in its room's flow, while it is behind
	progress     chan struct{} // closed at the next progress; nil when nobody waits

	member *member
	codecs [2]Codec
}

// flush writes what m is owed as far as that needs no waiting, and leaves the rest to a
// goroutine. It reports whether m is owed nothing now.
func (o *outbox) flush() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing {
		return false
	}
	o.writing = true
	for {
		frames, own := o.pendingLocked()
		switch {
		case frames == nil:
			o.stopWritingLocked()
			return o.limit == noLimit
		case o.try == nil:
			o.fallBehind()
			return false
		}
		switch err := o.writeLocked(o.tryWrite, frames, own); err {
		case nil:
		case ErrWouldBlock:
			o.fallBehind()
			return false
		default:
			o.failLocked(err)
			return true
		}
	}
}

// fallBehind gives m a goroutine until it has caught up.
func (o *outbox) fallBehind() {
	r := o.member.room
	r.backpressure.add(o.member)
	o.member.wg.Go(func() {
		o.catchUp(r)
		r.progress()
	})
}

// catchUp writes what m is owed, waiting for m, until it is owed nothing.
func (o *outbox) catchUp(r *room) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer r.backpressure.remove(o.member)
	for begun := false; ; begun = true {
		frames, own := o.pendingLocked()
		if frames == nil && begun {
			o.stopWritingLocked()
			return
		}
		if err := o.writeLocked(o.member.conn.Write, frames, own); err != nil {
			o.failLocked(err)
			return
		}
		r.backpressure.progressed(o.member)
		o.mu.Unlock() // a room's lock comes first
		r.progress()
		o.mu.Lock()
	}
}

// owed returns the next frames for m, and whether they are from its outbox. A broken member
// passes over what its stream has, so that it keeps nothing of that in memory.
func (o *outbox) pendingLocked() (frames []byte, own bool) {
	for {
		limit := o.limit
		if !o.queue.empty() {
			first := &o.queue.parts[0]
			if o.cursor.position() >= first.at {
				return first.frames, true
			}
			limit = first.at
		}
		passOver := o.writeErr != nil
		if o.ownArrival.to > 0 { // its own arrival is not passed yet
			switch place := o.cursor.position(); {
			case place < o.ownArrival.from:
				limit = min(limit, o.ownArrival.from)
			case place < o.ownArrival.to:
				limit, passOver = o.ownArrival.to, true
			default:
				o.ownArrival = span{}
			}
		}
		frames, fell := o.cursor.unread(limit)
		switch {
		case fell:
			c := o.cursor
			o.mu.Unlock()
			o.skipGap(c)
			o.mu.Lock()
		case len(frames) == 0 || !passOver:
			return frames, false
		default:
			o.cursor.off += int64(len(frames))
		}
	}
}

// write writes frames and takes off what m has got of them. m.mu is released meanwhile.
func (o *outbox) writeLocked(write func([]byte) (int, error), frames []byte, own bool) error {
	o.mu.Unlock()
	n, err := o.guard(write, frames)
	o.mu.Lock()
	switch {
	case o.writeErr != nil:
		return o.writeErr
	case !own:
		o.cursor.off += int64(n)
	default:
		o.queue.advance(n)
	}
	if n > 0 {
		o.wakeLocked()
	}
	return err
}

func (o *outbox) tryWrite(frames []byte) (int, error) { return o.try.TryWrite(frames) }

// guard keeps a panic of m's Conn from whoever writes to it.
func (o *outbox) guard(write func([]byte) (int, error), frames []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			o.member.logPanic(p)
			n, err = 0, ErrFault
		}
	}()
	return write(frames)
}

// rest ends the writing.
func (o *outbox) stopWritingLocked() {
	o.writing = false
	o.wakeLocked()
}

// give drops all that m is owed: it can't be written any more.
func (o *outbox) discardLocked(why error) {
	o.writeErr = why
	o.queue.clear()
	o.wakeLocked()
}

func (o *outbox) wakeLocked() {
	if o.progress != nil {
		close(o.progress)
		o.progress = nil
	}
}

// waitUntil blocks until done holds, which it asks under m.mu after each progress.
func (o *outbox) waitUntil(done func() bool) {
	o.mu.Lock()
	for !done() {
		if o.progress == nil {
			o.progress = make(chan struct{})
		}
		progress := o.progress
		o.mu.Unlock()
		<-progress
		o.mu.Lock()
	}
	o.mu.Unlock()
}

// takeTurn waits until nobody else has m's turn, and takes it: one goroutine at a time
// handles a line of m's, or ends m. A turn may wait for other members and for the journal,
// so it is no mutex.
func (s *session) takeTurn() {
	s.out.waitUntil(func() bool {
		taken := s.turn
		s.turn = true
		return !taken
	})
}

// endTurn gives up m's turn.
func (s *session) endTurn() {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	s.turn = false
	s.out.wakeLocked()
}

// drain blocks until m has everything that it is owed, or can't be given it.
func (o *outbox) drain() {
	o.flush()
	o.waitUntil(func() bool { return !o.writing })
}

// codec returns the Codec of m's format.
func (o *outbox) codecLocked() Codec { return o.codecs[o.format] }

// append puts events into m's outbox, after what is there. m.mu is held.
func (o *outbox) appendLocked(events ...wire.Event) { o.appendAtLocked(0, events...) }

// appendAt is append for events that come after a place in m's stream. m.mu is held.
func (o *outbox) appendAtLocked(place int64, events ...wire.Event) {
	if o.writeErr != nil {
		return
	}
	for _, e := range events {
		o.queue.put(o.codecLocked(), e, place)
	}
}

// enqueue puts events into m's outbox without writing them. What m itself did not ask for
// is offered instead.
func (o *outbox) enqueue(events ...wire.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.appendLocked(events...)
}

// answer is queue for the answer to a request: it comes after what the room was told of m
// before, unless m is far behind that.
func (o *outbox) answer(events ...wire.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.appendAtLocked(o.answerAt, events...)
	if o.answerAt-o.cursor.position() > maxAnswerLag {
		o.queue.unpin()
	}
}

// tell gives m events in answer to what it asked, and after what the room was told before
// if m takes that at once. It waits while the outbox is full.
func (s *session) reply(events ...wire.Event) {
	s.out.flush()
	s.out.answer(events...)
	s.out.flush()
	s.awaitQueue()
}

// makePlace waits where the outbox is full.
func (s *session) awaitQueue() {
	if s.out.isFull() {
		s.sweep()
		s.out.flush()
		s.out.waitUntil(func() bool { return s.out.queue.size() < outboxLimit })
	}
}

// fullUp reports whether the outbox is full.
func (o *outbox) isFull() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queue.size() >= outboxLimit
}

// offer gives m an event that another member wants it to have. If both are in one room, m gets
// it after what the room was told before, unless m still has much of that to read. It reports
// false if m can't take it now, or does not have its welcome yet.
func (o *outbox) offer(from *member, e wire.Event) bool {
	o.mu.Lock()
	if o.member.room == nil || o.writeErr != nil || o.queue.size() >= outboxLimit {
		o.mu.Unlock()
		return false
	}
	place := int64(0)
	if behind := o.cursor.lag(); o.member.room == from.room && behind <= maxAnswerLag {
		place = min(o.cursor.position()+behind, o.limit)
	}
	o.appendAtLocked(place, e)
	o.mu.Unlock()
	o.flush()
	return true
}

// isBroken reports whether nothing can be written to m any more.
func (o *outbox) failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writeErr != nil
}
