package socket

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// defaultDeadTimeout is how long a peer may acknowledge nothing of what was sent, or answer
	// no keep-alive probe, before it counts as dead.
	defaultDeadTimeout = 60 * time.Second
	// checksPerTimeout is how often in that time a Group checks its connections.
	checksPerTimeout = 4
)

// A Group is the connections of one gateway. They share read buffers, because most
// connections are quiet and hold none. The zero value is ready to use, from any goroutine.
//
// A Group also finds peers that are dead or accept no bytes. The kernel drops a peer that does
// not answer keep-alive probes. But it sends none while a byte is not acknowledged, and
// sends that byte again for a quarter of an hour. TCP_USER_TIMEOUT does not help: it also ends
// a connection whose peer reads slowly but steadily, if the peer's window was closed for that
// long (tcp(7), RFC 5482). And no Write waits for a peer while the send buffer has room. So a
// Group checks all connections every few seconds, with one timer.
type Group struct {
	small, large sync.Pool // of read buffers
	records      sync.Pool // of buffers for sealed records

	deadAfter time.Duration // see deadTimeout; 0 means the default

	mu       sync.Mutex
	conns    map[*Conn]struct{}
	timer    *time.Timer // nil while there are no conns
	log      *slog.Logger
	reported map[string]bool // socket options that the system has refused
}

func (g *Group) deadTimeout() time.Duration {
	if g.deadAfter > 0 {
		return g.deadAfter
	}
	return defaultDeadTimeout
}

func (g *Group) add(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns == nil {
		g.conns = make(map[*Conn]struct{})
	}
	g.conns[c] = struct{}{}
	if g.timer == nil {
		g.timer = time.AfterFunc(g.deadTimeout()/checksPerTimeout, g.check)
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

// check drops the peers that are dead or frozen. It restarts the timer at its end, so that
// one goroutine at a time checks.
func (g *Group) check() {
	g.mu.Lock()
	conns := slices.Collect(maps.Keys(g.conns))
	g.mu.Unlock()
	for _, c := range conns {
		c.raw.Control(func(fd uintptr) {
			a, err := c.acks(int(fd))
			g.reportOption("TCP_INFO", err)
			if err == nil && (a.isDead(g.deadTimeout()) || c.stalled.isFrozen(a, time.Now(), c.timeout)) {
				g.drop(c)
			}
		})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.timer != nil {
		g.timer.Reset(g.deadTimeout() / checksPerTimeout)
	}
}

// drop drops the peer of c, unless c was removed.
func (g *Group) drop(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.conns[c]; ok {
		c.drop()
	}
}

// acks returns what the system knows about the peer's acknowledgments.
func (c *Conn) acks(fd int) (acks, error) {
	if !c.unix {
		return readAcks(fd)
	}
	if !c.writeMu.TryLock() { // a write that waits has a timeout of its own
		return acks{}, nil
	}
	defer c.writeMu.Unlock()
	c.queue.update(unacknowledged(int32(fd)), 0)
	return acks{queued: c.queue.bytes > 0, bytes: c.queue.reads}, nil
}

// acks is what the system knows about a peer's acknowledgments.
type acks struct {
	due    bool          // the peer has something to acknowledge
	last   time.Duration // since its last acknowledgment, of bytes or of a probe
	queued bool          // bytes are queued for the peer, sent or not
	bytes  uint64        // acknowledged in total; of a unix socket, a number that grows when the peer reads
}

// isDead reports whether the peer has acknowledged nothing for timeout although something is
// due.
func (a acks) isDead(timeout time.Duration) bool { return a.due && a.last >= timeout }

// A stall is a time in which a peer accepts none of the bytes that are queued for it.
type stall struct {
	since time.Time // zero if the peer is not stalled
	bytes uint64    // that the peer had acknowledged at since
}

// isFrozen updates the stall, and reports whether it has lasted for timeout.
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
