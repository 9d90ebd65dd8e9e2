package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// shard is the least number of members for which a sweep uses one more goroutine.
const shard = 128

// A sweep writes to the members of a room what is new for them. At most one runs at a time in
// a room: it goes on while there is something new.
type sweep struct {
	room *room

	// Guarded by the room's mu.
	running      bool // it runs
	dirty        bool // there is something to write that it has not started with
	unsweptBytes int  // in the streams

	batch []*member // belongs to the goroutine that sweeps
}

// startLocked starts a sweep, or makes the present one go on.
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

// sweep sweeps what m has said. Its session calls sweep when it has handled all lines that have
// come, and before it waits for anything. In a small room the session writes to all members
// itself, once: that is cheaper than another goroutine, and lines that came together leave
// together.
func (m *member) sweep() {
	if !m.mustSweep {
		return
	}
	r := m.room
	r.mu.Lock()
	if len(r.members) > shard {
		r.sweep.handOverLocked(m)
	}
	m.mustSweep = false
	start := r.sweep.dirty && !r.sweep.running
	r.sweep.running = r.sweep.running || start
	r.mu.Unlock()
	if !start || !r.sweep.next(false) {
		return
	}
	if r.sweep.next(sweepShard(r.sweep.batch)) {
		r.hub.sweeps.Go(r.sweep.loop)
	}
	runtime.Gosched() // let other members go first, even if m has more lines
}

// handOverLocked has another goroutine sweep what m has said, if m's session has not done so.
func (s *sweep) handOverLocked(m *member) {
	if m.mustSweep && s.dirty {
		s.startLocked()
	}
	m.mustSweep = false
}

// loop writes to each member in s.batch, without waiting, and goes on until the room
// has nothing new. Under load one write to a member carries hundreds of messages; otherwise a
// message leaves at once.
func (s *sweep) loop() {
	for more := true; more; {
		more = s.next(sweepAll(s.batch))
	}
}

// next fills s.batch and returns true, or ends the sweep if there is nothing new. caughtUp
// says that the last sweep wrote everything to all members.
func (s *sweep) next(caughtUp bool) bool {
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	clear(s.batch)
	s.batch = s.batch[:0]
	if s.unsweptBytes > 0 {
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

// onlyMembersReadLocked reports whether all readers of the streams are members: a member that has
// left may still read.
func (s *sweep) onlyMembersReadLocked() bool {
	readers := 0
	for _, st := range s.room.streams {
		readers += len(st.readers)
	}
	return readers == len(s.room.members)
}

// sweepAll writes to all members, and reports whether they have everything.
func sweepAll(members []*member) bool {
	shards := min(runtime.GOMAXPROCS(0), len(members)/shard)
	if shards < 2 {
		return sweepShard(members)
	}
	var lagging atomic.Bool
	var wg sync.WaitGroup
	part := func(i int) []*member { return members[i*len(members)/shards : (i+1)*len(members)/shards] }
	for i := 1; i < shards; i++ {
		wg.Go(func() {
			if !sweepShard(part(i)) {
				lagging.Store(true)
			}
		})
	}
	caughtUp := sweepShard(part(0))
	wg.Wait()
	return caughtUp && !lagging.Load()
}

func sweepShard(members []*member) bool {
	caughtUp := true
	for _, m := range members {
		if !m.out.flush() {
			caughtUp = false
		}
	}
	return caughtUp
}
