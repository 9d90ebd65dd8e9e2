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
	freshness = 250 * time.Millisecond
	// longestWait is for how long of its being behind a member is waited for.
	longestWait = 5 * time.Second
	// maxShare is what somebody may say in spite of those who are behind, in bytes. In
	// large rooms it is less.
	maxShare = 4 << 10
	// lookEvery and lookAfter bound how often the room looks at the members that are behind.
	lookEvery = time.Millisecond
	lookAfter = 16 << 10 // bytes
	// lookAt bounds how many of them it looks at: those that took something most recently.
	lookAt = 64
)

// flow is what a room knows of members that are behind.
type flow struct {
	mu     sync.Mutex // taken after a member's
	behind list.List  // of lagging, for those that are waited for; the one that took something last comes first

	// Guarded by the room's mu.
	full    bool         // somebody is to be waited for
	looked  time.Time    // when full was found out
	unseen  int          // bytes told since
	waiting atomic.Int32 // those that wait
	again   *time.Timer  // looks again while they do: nobody tells that a member froze
}

// lagging is a member that is behind.
type lagging struct {
	member      *member
	since, took time.Time // when it fell behind, and when it took something last
}

// waitForPlace waits until m may say one more message. r.mu is held, and released while
// it waits.
func (r *room) waitForPlace(m *member) {
	for !r.closed && (int64(r.unswept) > r.hub.window/4 || r.isAhead(m)) {
		r.sweepRest(m)
		if r.flow.waiting.Add(1) == 1 {
			r.flow.again = time.AfterFunc(freshness/10, r.lookAgain)
		}
		r.changed.Wait()
		if r.flow.waiting.Add(-1) == 0 {
			r.flow.again.Stop()
		}
	}
}

// isAhead reports whether m has said its share while somebody is behind.
func (r *room) isAhead(m *member) bool {
	if !r.isFull() {
		m.ahead = 0
		return false
	}
	share := min(maxShare, r.hub.window/4/int64(len(r.members)+1))
	return int64(m.ahead) >= share && !m.isBroken()
}

// isFull reports whether somebody is to be waited for. r.mu is held.
func (r *room) isFull() bool {
	f := &r.flow
	now := time.Now()
	if f.unseen < lookAfter && now.Sub(f.looked) < lookEvery {
		return f.full
	}
	f.looked, f.unseen = now, 0
	f.full = slices.ContainsFunc(f.waitedFor(now), func(m *member) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		// A member that is told history stands still in the stream, and goes on after it.
		return m.limit == noLimit && m.cur.behind() > r.hub.window/2
	})
	return f.full
}

// waitedFor returns the members that took something just now and have not been behind for
// too long; of many, some.
func (f *flow) waitedFor(now time.Time) []*member {
	f.mu.Lock()
	defer f.mu.Unlock()
	var members []*member
	for e := f.behind.Front(); e != nil && len(members) < lookAt; e = e.Next() {
		l := e.Value.(*lagging)
		if now.Sub(l.took) >= freshness {
			break
		}
		if now.Sub(l.since) < longestWait {
			members = append(members, l.member)
		}
	}
	return members
}

// fallBehind notes that m can't be written to at once. m.mu is held.
func (f *flow) fallBehind(m *member) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	m.lag = f.behind.PushFront(&lagging{m, now, now})
}

// took notes that m, which is behind, took something. m.mu is held.
func (f *flow) took(m *member) {
	if m.lag == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := m.lag.Value.(*lagging)
	l.took = time.Now()
	f.behind.MoveToFront(m.lag)
	if l.took.Sub(l.since) >= longestWait { // nobody waits for it until it has caught up once
		f.behind.Remove(m.lag)
		m.lag = nil
	}
}

// catchUp notes that m has everything, or is gone. m.mu is held.
func (f *flow) catchUp(m *member) {
	if m.lag == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behind.Remove(m.lag)
	m.lag = nil
}

// progress notes that somebody who is behind took something.
func (r *room) progress() {
	if r.flow.waiting.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isFull() {
		r.changed.Broadcast()
	}
}

func (r *room) lookAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isFull() {
		r.changed.Broadcast()
	}
	if r.flow.waiting.Load() > 0 {
		r.flow.again.Reset(freshness / 10)
	}
}
