package hub

import (
	"container/list"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A member that sends messages is read more slowly while its room can't deliver them. There
// are two conditions.
//
// The sweep lags: at most a quarter of the window may be unswept. A sweep waits for no member,
// so this concerns the speed of the server alone.
//
// A member lags by half the window although it reads as fast as it can: a flood would push it
// out of the window. The senders wait for it, but a slow reader must not delay others. So a
// sender waits only if it has sent more than its share; only for members that have just
// taken something, which a frozen one has not; and for each of them only for some time, until
// it has caught up once.
const (
	// recentProgress is the time within which a member must have taken something for others
	// to wait for it.
	recentProgress = 250 * time.Millisecond
	// maxLagWait is how long others wait for a member that lags.
	maxLagWait = 5 * time.Second
	// maxShare bounds what a member may send without waiting, in bytes. In large rooms it is
	// less.
	maxShare = 4 << 10
	// checkInterval and checkBytes bound how often a room checks its lagging members: not
	// again before one of them has passed.
	checkInterval = time.Millisecond
	checkBytes    = 16 << 10
	// maxChecked bounds how many lagging members a room checks: those that took something
	// most recently.
	maxChecked = 64
)

// backpressure is what a room knows of its lagging members.
type backpressure struct {
	room    *room
	mu      sync.Mutex
	lagging list.List // of *laggard that others may wait for; the one that took something last is first

	// Guarded by the room's mu.
	congested      bool         // others wait for a lagging member
	checked        time.Time    // when congested was set
	uncheckedBytes int          // appended since
	waiting        atomic.Int32 // sessions that wait; also read without the lock
	recheckTimer   *time.Timer  // checks again while they wait: a frozen member causes no event
}

// A laggard is a member that lags.
type laggard struct {
	member     *member
	since      time.Time // when it began to lag
	progressed time.Time // when it took something last
}

// awaitReadersLocked waits until m may send one more message. It releases r.mu while it waits.
func (b *backpressure) awaitReadersLocked(m *member) {
	for !b.room.closed && (int64(b.room.sweep.unsweptBytes) > b.room.hub.opt.Window/4 || b.isAheadLocked(m)) {
		b.room.sweep.handOverLocked(m)
		if b.waiting.Add(1) == 1 {
			b.recheckTimer = time.AfterFunc(recentProgress/10, b.recheck)
		}
		b.room.changed.Wait()
		if b.waiting.Add(-1) == 0 {
			b.recheckTimer.Stop()
		}
	}
}

// isAheadLocked reports whether m has sent its share while another member lags.
func (b *backpressure) isAheadLocked(m *member) bool {
	if !b.isCongestedLocked() {
		m.aheadBytes = 0
		return false
	}
	share := min(maxShare, b.room.hub.opt.Window/4/int64(len(b.room.members)+1))
	return int64(m.aheadBytes) >= share && !m.out.failed()
}

// isCongestedLocked reports whether senders wait for a lagging member.
func (b *backpressure) isCongestedLocked() bool {
	now := time.Now()
	if b.uncheckedBytes < checkBytes && now.Sub(b.checked) < checkInterval {
		return b.congested
	}
	b.checked, b.uncheckedBytes = now, 0
	b.congested = slices.ContainsFunc(b.recentReaders(now), func(m *member) bool {
		m.out.mu.Lock()
		defer m.out.mu.Unlock()
		// A member that gets history does not read the stream meanwhile.
		return m.out.limit == noLimit && m.out.cursor.lag() > b.room.hub.opt.Window/2
	})
	return b.congested
}

// recentReaders returns the lagging members that others wait for, maxChecked of them at most.
func (b *backpressure) recentReaders(now time.Time) []*member {
	b.mu.Lock()
	defer b.mu.Unlock()
	var members []*member
	for e := b.lagging.Front(); e != nil && len(members) < maxChecked; e = e.Next() {
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

// add notes that m lags. The caller holds m.out.mu.
func (b *backpressure) add(m *member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	m.out.lagging = b.lagging.PushFront(&laggard{m, now, now})
}

// progressed notes that m took something, if it lags. The caller holds m.out.mu.
func (b *backpressure) progressed(m *member) {
	if m.out.lagging == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l := m.out.lagging.Value.(*laggard)
	l.progressed = time.Now()
	b.lagging.MoveToFront(m.out.lagging)
	if l.progressed.Sub(l.since) >= maxLagWait { // not waited for until it has caught up once
		b.lagging.Remove(m.out.lagging)
		m.out.lagging = nil
	}
}

// remove notes that m has caught up, or can't be written to. The caller holds m.out.mu.
func (b *backpressure) remove(m *member) {
	if m.out.lagging == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lagging.Remove(m.out.lagging)
	m.out.lagging = nil
}

// progress wakes the sessions that wait for lagging members, if they need not wait any more.
func (b *backpressure) progress() {
	if b.waiting.Load() == 0 {
		return
	}
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	if !b.isCongestedLocked() {
		b.room.changed.Broadcast()
	}
}

// recheck does what progress does, and again after some time while sessions wait.
func (b *backpressure) recheck() {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	if !b.isCongestedLocked() {
		b.room.changed.Broadcast()
	}
	if b.waiting.Load() > 0 {
		b.recheckTimer.Reset(recentProgress / 10)
	}
}
