package hub

import (
	"sync/atomic"
	"time"
)

// Nobody is given more than it can take: who talks is read more slowly while the room
// can't be told so much. Two things count.
//
// The sweep: it waits for nobody, so this is a matter of the server's own speed.
//
// Members who are behind by half the window though they read as fast as they can: a flood
// would push them out of the window while they are well. They are waited for, but a slow
// reader shall harm nobody. So only those wait who say more than their share; only for
// members who have just taken something, which who is frozen has not; and for each of
// them only for a while, until it has caught up for once.
const (
	// maxUnswept is how far those who talk may be ahead of the sweep, in bytes.
	maxUnswept = 256 << 10
	// freshness is how long ago a member that is waited for may have taken something.
	freshness = 250 * time.Millisecond
	// longestWait is for how long of its being behind a member is waited for.
	longestWait = 5 * time.Second
	// maxShare is what somebody may say in spite of those who are behind, in bytes. In
	// large rooms it is less.
	maxShare = 4 << 10
	// lookEvery and lookAfter bound how often those who are behind are looked at.
	lookEvery = time.Millisecond
	lookAfter = 16 << 10 // bytes
)

// flow is what a room knows of members who are behind.
type flow struct {
	behind  map[*member]time.Time // since when
	full    bool                  // somebody is to be waited for
	looked  time.Time             // when full was found out
	unseen  int                   // bytes told since
	waiting atomic.Int32          // those who wait
	again   *time.Timer           // looks again while they do: nobody tells that a member froze
}

// waitForPlace waits until m may say a message of a size. r.mu is held, and released
// while it waits.
func (r *room) waitForPlace(m *member, size int) {
	for !r.closed && (r.unswept > maxUnswept || r.isAhead(m, size)) {
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
func (r *room) isAhead(m *member, size int) bool {
	if len(r.flow.behind) == 0 || !r.isFull() {
		m.ahead = 0
		return false
	}
	m.mu.Lock()
	broken := m.broken != nil
	m.mu.Unlock()
	share := min(maxShare, r.hub.window/4/int64(len(r.members)+1))
	if broken || int64(m.ahead) < share {
		m.ahead += size
		return false
	}
	return true
}

// isFull reports whether somebody is to be waited for.
func (r *room) isFull() bool {
	now := time.Now()
	f := &r.flow
	if f.unseen < lookAfter && now.Sub(f.looked) < lookEvery {
		return f.full
	}
	f.looked, f.unseen, f.full = now, 0, false
	for m, since := range f.behind {
		if now.Sub(since) > longestWait {
			continue
		}
		m.mu.Lock()
		f.full = m.cur.behind() > r.hub.window/2 && now.Sub(m.took) < freshness
		m.mu.Unlock()
		if f.full {
			break
		}
	}
	return f.full
}

// fallBehind notes that m can't be written to at once.
func (r *room) fallBehind(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flow.behind == nil {
		r.flow.behind = make(map[*member]time.Time)
	}
	r.flow.behind[m] = time.Now()
}

// catchUp notes that m has everything.
func (r *room) catchUp(m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.flow.behind, m)
	if r.flow.waiting.Load() > 0 && !r.isFull() {
		r.changed.Broadcast()
	}
}

// progress notes that somebody who is behind took something.
func (r *room) progress() {
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
