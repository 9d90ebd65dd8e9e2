package hub

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// shard is the least number of members that are worth a goroutine of a sweep.
const shard = 128

// sweepSoon sees to it that a sweep begins after now. r.mu is held.
func (r *room) sweepSoon() {
	r.dirty = true
	if !r.sweeping && len(r.members) > 0 {
		r.sweeping = true
		r.hub.sweeps.Go(r.sweep)
	}
}

// sweep writes to each member what it has not had, without waiting for any, until the
// room has nothing new. What is said meanwhile goes along: under load one call to a
// member carries hundreds of messages, at rest one leaves at once.
func (r *room) sweep() {
	caughtUp := false
	for r.nextSweep(caughtUp) {
		caughtUp = sweepAll(r.batch)
	}
}

// nextSweep fills r.batch, or ends the sweep where there is nothing new.
func (r *room) nextSweep(caughtUp bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.batch)
	r.batch = r.batch[:0]
	if r.unswept > 0 {
		r.unswept = 0
		r.changed.Broadcast()
	}
	if !r.dirty || len(r.members) == 0 {
		if caughtUp && r.leaving == 0 {
			for _, s := range r.streams {
				s.trim()
			}
		}
		r.sweeping = false
		return false
	}
	r.dirty = false
	r.batch = append(r.batch, r.members...)
	return true
}

// sweepAll reports whether all members have everything now.
func sweepAll(members []*member) bool {
	shards := min(runtime.GOMAXPROCS(0), len(members)/shard)
	if shards < 2 {
		return sweepShard(members)
	}
	var behind atomic.Bool
	var wg sync.WaitGroup
	for i := range shards {
		part := members[i*len(members)/shards : (i+1)*len(members)/shards]
		wg.Go(func() {
			if !sweepShard(part) {
				behind.Store(true)
			}
		})
	}
	wg.Wait()
	return !behind.Load()
}

func sweepShard(members []*member) bool {
	caughtUp := true
	for _, m := range members {
		if !m.flush() {
			caughtUp = false
		}
	}
	return caughtUp
}
