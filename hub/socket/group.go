package socket

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// deadAfter is how long a peer may acknowledge nothing of what was sent, or answer no
	// keep-alive, before it counts as dead.
	deadAfter = 60 * time.Second
	// checksInDeadAfter is how often in that time a Group looks at its connections.
	checksInDeadAfter = 4
)

// A Group is the connections of one gateway. They share the buffers that they read into,
// since most are quiet and hold none, and the search for dead and frozen peers. The zero
// value is ready, and its use from any goroutine safe.
//
// The kernel gives up a peer that does not answer keep-alive, but it sends none while
// something is not acknowledged, and goes on sending that for a quarter of an hour.
// TCP_USER_TIMEOUT is no help: it ends a connection whose peer has had its window closed
// for that long, though it reads steadily (tcp(7), RFC 5482). And no Write waits for a peer
// as long as the send buffer has room. So a Group looks at all connections every few seconds,
// with one timer for all.
type Group struct {
	small, large sync.Pool

	deadAfter time.Duration // the constant if 0

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	timer    *time.Timer // nil while there are no conns
	log      *slog.Logger
	reported map[string]bool // options that the system refuses
}

func (g *Group) patience() time.Duration {
	if g.deadAfter > 0 {
		return g.deadAfter
	}
	return deadAfter
}

func (g *Group) add(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		g.conns = make(map[*Conn]struct{})
	}
	g.conns[c] = struct{}{}
	if g.timer == nil {
		g.timer = time.AfterFunc(g.patience()/checksInDeadAfter, g.check)
	}
}

func (g *Group) remove(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if len(g.conns) == 0 && g.timer != nil {
		g.timer.Stop()
		g.timer = nil
	}
}

// check gives up the peers that are dead or frozen. The timer starts again after it, so
// that a Conn is looked at by one goroutine at a time.
func (g *Group) check() {
	g.mu.Lock()
	conns := slices.Collect(maps.Keys(g.conns))
	g.mu.Unlock()
	for _, c := range conns {
		c.raw.Control(func(fd uintptr) {
			a, err := readAcks(int(fd))
			g.report("TCP_INFO", err)
			if err == nil && (a.isDead(g.patience()) || c.stalled.isFrozen(a, time.Now(), c.timeout)) {
				c.giveUp()
			}
		})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Reset(g.patience() / checksInDeadAfter)
	}
}

// acks is what the system knows of a peer's acknowledgments.
type acks struct {
	due    bool          // the peer has something to acknowledge
	last   time.Duration // since it acknowledged anything, be it a probe
	queued bool          // bytes wait for it, sent or not
	bytes  uint64        // that it has acknowledged in all
}

// isDead reports whether the peer has acknowledged nothing for the time of patience though
// it should have.
func (a acks) isDead(patience time.Duration) bool { return a.due && a.last >= patience }

// A stall is a time in which a peer accepts none of the bytes that wait for it.
type stall struct {
	since time.Time // zero if there is none
	bytes uint64    // that the peer had acknowledged then
}

// isFrozen notes what the system knows now, and reports whether the stall has lasted for
// timeout.
func (s *stall) isFrozen(a acks, now time.Time, timeout time.Duration) bool {
	switch {
	case !a.queued:
		s.since = time.Time{}
		return false
	case s.since.IsZero() || a.bytes != s.bytes:
		s.since, s.bytes = now, a.bytes
		return false
	}
	return now.Sub(s.since) >= timeout
}
