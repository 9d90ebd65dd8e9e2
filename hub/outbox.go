package hub

import (
	"container/list"
	"sync"

	"partyline/hub/wire"
)

const (
	// maxQueue bounds the per-member queue, in bytes. At the bound the member's own requests
	// wait, and private messages to it are refused.
	maxQueue = 64 << 10
	// maxAnswerLag is the largest lag, in bytes, at which a member gets an answer in order
	// with its own messages. A member that lags more gets the answer at once.
	maxAnswerLag = 64 << 10
)

// An outbox holds what one member is sent: the stream of its room, from a cursor on, and a
// queue of events for this member alone. Its methods may be called from any goroutine.
//
// The goroutine that finds something to write writes it: a sweep, the session, or the goroutine
// of a lagging member. At most one writes at a time: it sets writing, and checks for more before
// it clears writing. So no member has a writer while there is nothing to write.
type outbox struct {
	mu       sync.Mutex // taken after the room's mu; not held during a write
	writing  bool       // a goroutine writes
	leaving  bool       // the member leaves the stream: it gets nothing after limit
	try      TryWriter  // nil if the Conn can't write without waiting
	cursor   cursor     // the position of the next bytes to write
	limit    int64      // the position at which writing stops; noLimit for none
	queue    queue      // has no position after limit
	ownJoin  span       // the member's own join, which it does not get
	writeErr error      // why nothing more can be written; nil before
	written  int64      // bytes

	// Guarded by mu too.
	format          wire.Format
	answerAt        int64         // the position after the last event about the member: see answer
	messagesToLimit int64         // if leaving: the number of messages in the stream before limit
	lagging         *list.Element // in its room's backpressure, while the member lags
	wake            chan struct{} // closed by wakeLocked; nil if no goroutine waits

	member *member
	codecs [2]Codec
}

// flush writes what can be written without waiting, and leaves the rest to a goroutine. It
// reports whether everything is written.
func (o *outbox) flush() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing {
		return false
	}
	o.writing = true
	for {
		frames, queued := o.pendingLocked()
		switch {
		case frames == nil:
			o.stopWritingLocked()
			return o.limit == noLimit
		case o.try == nil:
			o.catchUpLocked()
			return false
		}
		switch err := o.writeLocked(o.tryWrite, frames, queued); err {
		case nil:
		case ErrWouldBlock:
			o.catchUpLocked()
			return false
		default:
			o.failLocked(err)
			return true
		}
	}
}

// catchUpLocked starts a goroutine that writes until the member has caught up.
func (o *outbox) catchUpLocked() {
	r := o.member.room
	r.backpressure.add(o.member)
	o.member.wg.Go(func() {
		o.catchUp(r)
		r.backpressure.wakeSenders()
	})
}

// catchUp writes until everything is written. It waits for the peer.
func (o *outbox) catchUp(r *room) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer r.backpressure.remove(o.member)
	for first := true; ; first = false {
		frames, queued := o.pendingLocked()
		if frames == nil && !first {
			o.stopWritingLocked()
			return
		}
		if err := o.writeLocked(o.member.conn.Write, frames, queued); err != nil {
			o.failLocked(err)
			return
		}
		r.backpressure.progressed(o.member)
		o.mu.Unlock() // wakeSenders locks the room
		r.backpressure.wakeSenders()
		o.mu.Lock()
	}
}

// pendingLocked returns the next frames to write, and whether they are from the queue. It
// returns nil if there are none. After writeErr it skips what is in the stream, so that the
// member keeps no old chunk in memory. It may release o.mu and lock it again.
func (o *outbox) pendingLocked() (frames []byte, queued bool) {
	for {
		limit := o.limit
		if !o.queue.empty() {
			first := &o.queue.segments[0]
			if o.cursor.position() >= first.at {
				return first.frames, true
			}
			limit = first.at
		}
		skip := o.writeErr != nil
		if o.ownJoin.to > 0 { // the cursor has not passed it
			switch at := o.cursor.position(); {
			case at < o.ownJoin.from:
				limit = min(limit, o.ownJoin.from)
			case at < o.ownJoin.to:
				limit, skip = o.ownJoin.to, true
			default:
				o.ownJoin = span{}
			}
		}
		frames, evicted := o.cursor.unread(limit)
		switch {
		case evicted:
			c := o.cursor
			o.mu.Unlock()
			o.skipGap(c)
			o.mu.Lock()
		case len(frames) == 0 || !skip:
			return frames, false
		default:
			o.cursor.off += int64(len(frames))
		}
	}
}

// writeLocked writes frames, and removes those that are written from the outbox. It releases
// o.mu while it writes.
func (o *outbox) writeLocked(write func([]byte) (int, error), frames []byte, queued bool) error {
	o.mu.Unlock()
	n, err := o.guard(write, frames)
	o.mu.Lock()
	o.written += int64(n)
	switch {
	case o.writeErr != nil:
		return o.writeErr
	case !queued:
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

// guard turns a panic of the member's Conn into an error.
func (o *outbox) guard(write func([]byte) (int, error), frames []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			o.member.logPanic(p)
			n, err = 0, ErrFault
		}
	}()
	return write(frames)
}

// stopWritingLocked clears writing. The goroutine that writes calls it.
func (o *outbox) stopWritingLocked() {
	o.writing = false
	o.wakeLocked()
}

// discardLocked sets writeErr, and drops the queue.
func (o *outbox) discardLocked(why error) {
	o.writeErr = why
	o.queue.clear()
	o.wakeLocked()
}

// wakeLocked wakes the goroutines in waitUntil.
func (o *outbox) wakeLocked() {
	if o.wake != nil {
		close(o.wake)
		o.wake = nil
	}
}

// waitUntil waits until done returns true. It calls done with o.mu held, after each wakeLocked.
func (o *outbox) waitUntil(done func() bool) {
	o.mu.Lock()
	for !done() {
		if o.wake == nil {
			o.wake = make(chan struct{})
		}
		wake := o.wake
		o.mu.Unlock()
		<-wake
		o.mu.Lock()
	}
	o.mu.Unlock()
}

// drain waits until everything is written, or nothing more can be written.
func (o *outbox) drain() {
	o.flush()
	o.waitUntil(func() bool { return !o.writing })
}

// codecLocked returns the Codec of the member's format.
func (o *outbox) codecLocked() Codec { return o.codecs[o.format] }

// appendLocked appends events to the queue.
func (o *outbox) appendLocked(events ...wire.Event) { o.appendAtLocked(0, events...) }

// appendAtLocked appends events to the queue, after a position in the stream.
func (o *outbox) appendAtLocked(at int64, events ...wire.Event) {
	if o.writeErr != nil {
		return
	}
	for _, e := range events {
		o.queue.put(o.codecLocked(), e, at)
	}
}

// enqueue appends events to the queue without writing them. It does not bound the queue, so
// it is for events that the member itself causes; offer is for those of other members.
func (o *outbox) enqueue(events ...wire.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.appendLocked(events...)
}

// answer appends the answer to a request. The member gets it after the events of its room about
// the member itself, unless it lags far behind them.
func (o *outbox) answer(events ...wire.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.appendAtLocked(o.answerAt, events...)
	if o.answerAt-o.cursor.position() > maxAnswerLag {
		o.queue.unpin()
	}
}

// isFull reports whether the queue is full.
func (o *outbox) isFull() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.queue.size() >= maxQueue
}

// offer appends an event from another member, or from another server if from is nil, to the queue, and
// flushes. If both are in the same room, the event comes after the present events of the room, unless the
// member lags far behind them. offer returns false if the queue is full, or if the member has no welcome yet.
func (o *outbox) offer(from *member, e wire.Event) bool {
	o.mu.Lock()
	if o.member.room == nil || o.writeErr != nil || o.queue.size() >= maxQueue {
		o.mu.Unlock()
		return false
	}
	at := int64(0)
	if lag := o.cursor.lag(); from != nil && o.member.room == from.room && lag <= maxAnswerLag {
		at = min(o.cursor.position()+lag, o.limit)
	}
	o.appendAtLocked(at, e)
	o.mu.Unlock()
	o.flush()
	return true
}

// isLeaving reports whether the member leaves its stream.
func (o *outbox) isLeaving() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.leaving
}

// failed reports whether nothing more can be written.
func (o *outbox) failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writeErr != nil
}
