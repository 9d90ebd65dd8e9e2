package hub

import (
	"math"
	"sync/atomic"
	"time"
)

// An activity says when a member last sent a line, or joined. Lines that are blank, control frames
// and a resume do not count.
type activity struct {
	at atomic.Int64 // since Hub.started, in ns; or busy
}

// busy is the value of an activity while a line that counts is handled.
const busy = math.MaxInt64

// uptime returns the time since the hub started. It does not follow changes of the system's clock.
func (h *Hub) uptime() time.Duration { return time.Since(h.started) }

// begin says that a line that counts is handled from now on. So another member that learns of the
// line finds the member active, and the time is taken only once for each line.
func (a *activity) begin() { a.at.Store(busy) }

// end says that a line has been handled, at an uptime. It does nothing unless the line counts.
func (a *activity) end(uptime time.Duration) {
	if a.at.Load() == busy {
		a.at.Store(int64(uptime))
	}
}

// last returns the uptime at which the member was last active, at most uptime.
func (a *activity) last(uptime time.Duration) time.Duration {
	return min(time.Duration(a.at.Load()), uptime)
}

// idle returns how many whole seconds the member has been idle at an uptime.
func (a *activity) idle(uptime time.Duration) int64 {
	return int64((uptime - a.last(uptime)) / time.Second)
}

// inheritActivityLocked gives m, which resumes, the latest activity of an identity, since a client
// resumes by itself when its connection breaks. The caller holds the mu of Hub.nicks.
func (m *member) inheritActivityLocked(id *identity) {
	now := m.hub.uptime()
	latest := id.active
	for _, other := range id.members {
		latest = max(latest, other.activity.last(now))
	}
	m.activity.at.Store(int64(latest))
}
