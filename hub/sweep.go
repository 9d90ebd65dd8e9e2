package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// shard is the least number of members that are worth a goroutine of a sweep.
const shard = 128

// sweepSoon sees to it that a sweep begins after now. r.mu is held.
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

// sweep sweeps what m said. Its session calls it when no further line of m's has come, and
// before it waits for anything. In a small room it writes to all others itself, once, which
// is cheaper than to have another goroutine do it and keeps together what m said together.
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
	begin := r.dirty && !r.sweeping
	r.sweeping = r.sweeping || begin
	r.mu.Unlock()
	if !begin || !r.nextSweep(false) {
		return
	}
	if r.nextSweep(sweepShard(r.sweepBatch)) {
		r.hub.sweeps.Go(r.sweepLoop)
	}
	runtime.Gosched() // m may have said more by now, but others come first
}

// sweepRest leaves what m said to another goroutine, where there is something that m's
// session has not swept. r.mu is held.
func (r *room) handOverSweepLocked(m *member) {
	if m.mustSweep && r.dirty {
		r.sweepSoonLocked()
	}
	m.mustSweep = false
}

// goOn writes to each member in r.batch what it has not had, without waiting for any, and
// so on until the room has nothing new. What is said meanwhile goes along: under load one
// call to a member carries hundreds of messages, at rest one leaves at once.
func (r *room) sweepLoop() {
	for more := true; more; {
		more = r.nextSweep(sweepAll(r.sweepBatch))
	}
}

// nextSweep fills r.batch, or ends the sweep where there is nothing new.
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
				s.trim()
			}
		}
		r.sweeping = false
		return false
	}
	r.dirty = false
	r.sweepBatch = append(r.sweepBatch, r.members...)
	return true
}

// onlyMembersRead reports whether no member that left still reads one of the streams.
// r.mu is held.
func (r *room) onlyMembersReadLocked() bool {
	readers := 0
	for _, s := range r.streams {
		readers += len(s.readers)
	}
	return readers == len(r.members)
}

// sweepAll reports whether all members have everything now.
func sweepAll(members []*member) bool {
	shards := min(runtime.GOMAXPROCS(0), len(members)/shard)
	if shards < 2 {
		return sweepShard(members)
	}
	var behind atomic.Bool
	var wg sync.WaitGroup
	part := func(i int) []*member { return members[i*len(members)/shards : (i+1)*len(members)/shards] }
	for i := 1; i < shards; i++ {
		wg.Go(func() {
			if !sweepShard(part(i)) {
				behind.Store(true)
			}
		})
	}
	caughtUp := sweepShard(part(0))
	wg.Wait()
	return caughtUp && !behind.Load()
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
