package hub

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Nobody is given more than it can take: who talks is read more slowly while the room
// can't be told so much. Two things count.
//
// The sweep: who talks is at most a quarter of the window ahead of it. It waits for
// nobody, so this is a matter of the server's own speed.
//
// Members who are behind by half the window though they read as fast as they can: a flood
// would push them out of the window while they are well. They are waited for, but a slow
// reader shall harm nobody. So only those wait who say more than their share; only for
// members who have just taken something, which who is frozen has not; and for each of
// them only for a while, until it has caught up for once.
const (
	// freshness is how long ago a member that is waited for may have taken something.
	recentProgress = 250 * time.Millisecond
	// longestWait is for how long of its being behind a member is waited for.
	maxLagWait = 5 * time.Second
	// maxShare is what somebody may say in spite of those who are behind, in bytes. In
	// large rooms it is less.
	maxShare = 4 << 10
	// lookEvery and lookAfter bound how often the room looks at the members that are behind.
	checkInterval = time.Millisecond
	checkBytes    = 16 << 10 // bytes
	// lookAt bounds how many of them it looks at: those that took something most recently.
	maxChecked = 64
)

// flow is what a room knows of members that are behind.
type backpressure struct {
	mu      sync.Mutex // taken after a member's
	lagging list.List  // of lagging, for those that are waited for; the one that took something last comes first

	// Guarded by the room's mu.
	congested      bool         // somebody is to be waited for
	checked        time.Time    // when full was found out
	uncheckedBytes int          // bytes told since
	waiting        atomic.Int32 // those that wait
	recheckTimer   *time.Timer  // looks again while they do: nobody tells that a member froze
}

// lagging is a member that is behind.
type laggard struct {
	member            *member
	since, progressed time.Time // when it fell behind, and when it took something last
}

// waitForPlace waits until m may say one more message. r.mu is held, and released while
// it waits.
func (r *room) awaitReadersLocked(m *member) {
	for !r.closed && (int64(r.unsweptBytes) > r.hub.window/4 || r.isAheadLocked(m)) {
		r.handOverSweepLocked(m)
		if r.backpressure.waiting.Add(1) == 1 {
			r.backpressure.recheckTimer = time.AfterFunc(recentProgress/10, r.recheck)
		}
		r.changed.Wait()
		if r.backpressure.waiting.Add(-1) == 0 {
			r.backpressure.recheckTimer.Stop()
		}
	}
}

// isAhead reports whether m has said its share while somebody is behind.
func (r *room) isAheadLocked(m *member) bool {
	if !r.isCongestedLocked() {
		m.aheadBytes = 0
		return false
	}
	share := min(maxShare, r.hub.window/4/int64(len(r.members)+1))
	return int64(m.aheadBytes) >= share && !m.out.failed()
}

// isFull reports whether somebody is to be waited for. r.mu is held.
func (r *room) isCongestedLocked() bool {
	f := &r.backpressure
	now := time.Now()
	if f.uncheckedBytes < checkBytes && now.Sub(f.checked) < checkInterval {
		return f.congested
	}
	f.checked, f.uncheckedBytes = now, 0
	f.congested = slices.ContainsFunc(f.recentReaders(now), func(m *member) bool {
		m.out.mu.Lock()
		defer m.out.mu.Unlock()
		// A member that is told history stands still in the stream, and goes on after it.
		return m.out.limit == noLimit && m.out.cursor.lag() > r.hub.window/2
	})
	return f.congested
}

// waitedFor returns the members that took something just now and have not been behind for
// too long; of many, some.
func (f *backpressure) recentReaders(now time.Time) []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var members []*member
	for e := f.lagging.Front(); e != nil && len(members) < maxChecked; e = e.Next() {
		l := e.Value.(*laggard)
		if now.Sub(l.progressed) >= recentProgress {
			break
		}
		if now.Sub(l.since) < maxLagWait {
			members = append(members, l.member)
		}
	}
	return members
}

// fallBehind notes that m can't be written to at once. m.mu is held.
func (f *backpressure) add(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	m.out.lagging = f.lagging.PushFront(&laggard{m, now, now})
}

// took notes that m, which is behind, took something. m.mu is held.
func (f *backpressure) progressed(m *member) {
	if m.out.lagging == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := m.out.lagging.Value.(*laggard)
	l.progressed = time.Now()
	f.lagging.MoveToFront(m.out.lagging)
	if l.progressed.Sub(l.since) >= maxLagWait { // nobody waits for it until it has caught up once
		f.lagging.Remove(m.out.lagging)
		m.out.lagging = nil
	}
}

// catchUp notes that m has everything, or is gone. m.mu is held.
func (f *backpressure) remove(m *member) {
	if m.out.lagging == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lagging.Remove(m.out.lagging)
	m.out.lagging = nil
}

// progress notes that somebody who is behind took something.
func (r *room) progress() {
	if r.backpressure.waiting.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isCongestedLocked() {
		r.changed.Broadcast()
	}
}

func (r *room) recheck() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isCongestedLocked() {
		r.changed.Broadcast()
	}
	if r.backpressure.waiting.Load() > 0 {
		r.backpressure.recheckTimer.Reset(recentProgress / 10)
	}
}
