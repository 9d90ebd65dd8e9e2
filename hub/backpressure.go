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
// The sweep lags: more than a quarter of the window is unswept. A sweep waits for no member, so
// this depends on the speed of the server alone.
//
// A member that accepts bytes lags by more than half the window: a flood would push it out of the
// window. Senders wait for it, within bounds, because a slow reader must not delay others. A
// sender waits only if it has sent more than its share. It waits only for members that accepted
// bytes within recentProgress, which a frozen member did not. It waits at most maxLagWait for
// each of them, until that member has caught up once.
const (
	// recentProgress is the time within which a member must have accepted bytes for others to
	// wait for it.
	recentProgress = 250 * time.Millisecond
	// maxLagWait is how long others wait for a lagging member.
	maxLagWait = 5 * time.Second
	// maxShare bounds what a member may send without waiting, in bytes. In large rooms it is
	// less.
	maxShare = 4 << 10
	// checkInterval and checkBytes bound how often a room checks its lagging members: again
	// after this time, or after this many bytes.
	checkInterval = time.Millisecond
	checkBytes    = 16 << 10
	// maxChecked bounds how many lagging members a room checks: those that accepted bytes most
	// recently.
	maxChecked = 64
)

// A backpressure tracks the lagging members of a room, and makes senders wait for them. The
// callers of its Locked methods hold the room's mu, not its own.
type backpressure struct {
	room *room

	mu      sync.Mutex
	lagging list.List // of *laggard that others may wait for, the most recent progress first

	// Guarded by the room's mu.
	congested      bool         // senders wait for a lagging member
	checked        time.Time    // when congested was computed
	uncheckedBytes int          // appended to the streams since then
	waiting        atomic.Int32 // sessions that wait; also read without the lock
	recheckTimer   *time.Timer  // calls recheck while they wait: a frozen member causes no event
}

// A laggard is a member that lags.
type laggard struct {
	member     *member
	since      time.Time // when it started to lag
	progressed time.Time // when it last accepted bytes
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

// isAheadLocked reports whether m has sent its share while senders wait for a lagging member.
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
	if !b.congested && b.isEmpty() {
		return false
	}
	now := time.Now()
	if b.uncheckedBytes < checkBytes && now.Sub(b.checked) < checkInterval {
		return b.congested
	}
	b.checked, b.uncheckedBytes = now, 0
	b.congested = slices.ContainsFunc(b.recentReaders(now), func(m *member) bool {
		m.out.mu.Lock()
		defer m.out.mu.Unlock()
		// A member that is being sent history does not lag: the stream waits for that.
		return m.out.limit == noLimit && m.out.cursor.lag() > b.room.hub.opt.Window/2
	})
	return b.congested
}

// isEmpty reports whether no member lags.
func (b *backpressure) isEmpty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lagging.Len() == 0
}

// recentReaders returns the lagging members that others wait for, at most maxChecked of them.
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

// progressed notes that m accepted bytes, if it lags. The caller holds m.out.mu.
func (b *backpressure) progressed(m *member) {
	if m.out.lagging == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	l := m.out.lagging.Value.(*laggard)
	l.progressed = time.Now()
	b.lagging.MoveToFront(m.out.lagging)
	if l.progressed.Sub(l.since) >= maxLagWait { // others do not wait for it until it has caught up
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

// wakeSenders wakes the sessions that wait for lagging members, if none needs to wait any more.
func (b *backpressure) wakeSenders() {
	if b.waiting.Load() == 0 {
		return
	}
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	if !b.isCongestedLocked() {
		b.room.changed.Broadcast()
	}
}

// recheck does what wakeSenders does, and runs again later while sessions wait.
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
