package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// shardSize is the number of members for which a sweep uses one more goroutine. A session does
// not sweep a larger room itself.
const shardSize = 128

// A sweep writes new events to the members of a room. At most one runs at a time in a room, and
// it continues while there are new events.
type sweep struct {
	room *room

	// Guarded by the room's mu.
	running      bool      // a goroutine sweeps
	dirty        bool      // there is something to write that came after the last batch
	unsweptBytes int       // bytes that were appended to the streams after the last batch
	unsweptSince time.Time // when the first of them was

	// Owned by the goroutine that sweeps.
	batch  []*member // the members to write to
	oldest time.Time // the unsweptSince of the batch; zero if it has no events of the room
}

// startLocked starts a sweep, or makes the running one continue.
func (s *sweep) startLocked() {
	s.dirty = true
	if !s.running && len(s.room.members) > 0 {
		s.running = true
		s.room.hub.sweeps.Go(func() {
			if s.next(false) {
				s.loop()
			}
		})
	}
}

// sweep sweeps the messages of m. Its session calls sweep after it has handled all lines that
// have arrived, and before it waits for anything. In a small room the session writes to all
// members itself, once: that is cheaper than another goroutine, and lines that arrive together
// leave together.
func (m *member) sweep() {
	if !m.mustSweep {
		return
	}
	r := m.room
	r.mu.Lock()
	if len(r.members) > shardSize {
		r.sweep.handOverLocked(m)
	}
	m.mustSweep = false
	start := r.sweep.dirty && !r.sweep.running
	r.sweep.running = r.sweep.running || start
	r.mu.Unlock()
	if !start || !r.sweep.next(false) {
		return
	}
	if r.sweep.next(r.sweep.write(sweepShard)) {
		r.hub.sweeps.Go(r.sweep.loop)
	}
	runtime.Gosched() // let other members go first, even if m has more lines
}

// handOverLocked has another goroutine sweep the messages of m, if m's session has not done so.
func (s *sweep) handOverLocked(m *member) {
	if m.mustSweep && s.dirty {
		s.startLocked()
	}
	m.mustSweep = false
}

// loop writes to each member in s.batch, without waiting, and continues until the room has
// nothing new. Under load one write to a member carries hundreds of messages; otherwise a message
// leaves at once.
func (s *sweep) loop() {
	for more := true; more; {
		more = s.next(s.write(sweepAll))
	}
}

// write writes to each member in s.batch with a function such as sweepAll, and measures it.
func (s *sweep) write(all func([]*member) bool) (caughtUp bool) {
	start := time.Now()
	caughtUp = all(s.batch)
	if end := time.Now(); !s.oldest.IsZero() {
		s.room.hub.opt.Meter.Swept(end.Sub(start), end.Sub(s.oldest))
	}
	return caughtUp
}

// next fills s.batch and returns true. If there is nothing new, it ends the sweep and returns
// false. caughtUp says that the last batch has everything, so that the streams may be trimmed.
func (s *sweep) next(caughtUp bool) bool {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	clear(s.batch)
	s.batch = s.batch[:0]
	s.oldest = time.Time{}
	if s.unsweptBytes > 0 {
		s.oldest = s.unsweptSince
		s.unsweptBytes = 0
		s.room.changed.Broadcast()
	}
	if !s.dirty || len(s.room.members) == 0 {
		if caughtUp && s.onlyMembersReadLocked() {
			for _, st := range s.room.streams {
				st.trimLocked()
			}
		}
		s.running = false
		return false
	}
	s.dirty = false
	s.batch = append(s.batch, s.room.members...)
	return true
}

// onlyMembersReadLocked reports whether all readers of the streams are members of the room: a
// member that has left it may still read.
func (s *sweep) onlyMembersReadLocked() bool {
	readers := 0
	for _, st := range s.room.streams {
		readers += len(st.readers)
	}
	return readers == len(s.room.members)
}

// sweepAll writes to members, and reports whether all of them have everything.
func sweepAll(members []*member) bool {
	shards := min(runtime.GOMAXPROCS(0), len(members)/shardSize)
	if shards < 2 {
		return sweepShard(members)
	}
	var lagging atomic.Bool
	var wg sync.WaitGroup
	shard := func(i int) []*member { return members[i*len(members)/shards : (i+1)*len(members)/shards] }
	for i := 1; i < shards; i++ {
		wg.Go(func() {
			if !sweepShard(shard(i)) {
				lagging.Store(true)
			}
		})
	}
	caughtUp := sweepShard(shard(0))
	wg.Wait()
	return caughtUp && !lagging.Load()
}

// sweepShard is sweepAll in one goroutine.
func sweepShard(members []*member) bool {
	caughtUp := true
	for _, m := range members {
		if !m.out.flush() {
			caughtUp = false
		}
	}
	return caughtUp
}
