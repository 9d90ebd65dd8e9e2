package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// shard is the least number of members for which a sweep uses one more goroutine.
const shard = 128

// sweepSoonLocked starts a sweep, or makes the present one go on.
func (r *room) sweepSoonLocked() {
	r.dirty = true
	if !r.sweeping && len(r.members) > 0 {
		r.sweeping = true
		r.hub.sweeps.Go(func() {
			if r.nextSweep(false) {
				r.sweepLoop()
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
		r.handOverSweepLocked(m)
	}
	m.mustSweep = false
	start := r.dirty && !r.sweeping
	r.sweeping = r.sweeping || start
	r.mu.Unlock()
	if !start || !r.nextSweep(false) {
		return
	}
	if r.nextSweep(sweepShard(r.sweepBatch)) {
		r.hub.sweeps.Go(r.sweepLoop)
	}
	runtime.Gosched() // let other members go first, even if m has more lines
}

// handOverSweepLocked has another goroutine sweep what m has said, if m's session has not done so.
func (r *room) handOverSweepLocked(m *member) {
	if m.mustSweep && r.dirty {
		r.sweepSoonLocked()
	}
	m.mustSweep = false
}

// sweepLoop writes to each member in r.sweepBatch, without waiting, and goes on until the room
// has nothing new. Under load one write to a member carries hundreds of messages; otherwise a
// message leaves at once.
func (r *room) sweepLoop() {
	for more := true; more; {
		more = r.nextSweep(sweepAll(r.sweepBatch))
	}
}

// nextSweep fills r.sweepBatch and returns true, or ends the sweep if there is nothing new. caughtUp
// says that the last sweep wrote everything to all members.
func (r *room) nextSweep(caughtUp bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.sweepBatch)
	r.sweepBatch = r.sweepBatch[:0]
	if r.unsweptBytes > 0 {
		r.unsweptBytes = 0
		r.changed.Broadcast()
	}
	if !r.dirty || len(r.members) == 0 {
		if caughtUp && r.onlyMembersReadLocked() {
			for _, s := range r.streams {
				s.trimLocked()
			}
		}
		r.sweeping = false
		return false
	}
	r.dirty = false
	r.sweepBatch = append(r.sweepBatch, r.members...)
	return true
}

// onlyMembersReadLocked reports whether all readers of the streams are members: a member that has
// left may still read.
func (r *room) onlyMembersReadLocked() bool {
	readers := 0
	for _, s := range r.streams {
		readers += len(s.readers)
	}
	return readers == len(r.members)
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
