package socket

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// deadAfter is how long a peer may acknowledge nothing of what was sent, or answer no
	// keep-alive, before it counts as dead.
	deadAfter = 60 * time.Second
	// checksInDeadAfter is how often in that time a Group looks for such peers.
	checksInDeadAfter = 4
)

// ErrDead is what reading and writing return when the peer is dead.
var ErrDead = errors.New("the peer acknowledges nothing")

// A Group is the connections of one gateway. They share the buffers that they read into,
// since most are quiet and hold none, and the search for dead peers. The zero value is
// ready, and its use from any goroutine safe.
//
// The kernel gives up a peer that does not answer keep-alive, but it sends none while
// something is not acknowledged, and goes on sending that for a quarter of an hour.
// TCP_USER_TIMEOUT is no help: it ends a connection whose peer has had its window closed
// for that long, though it reads steadily (tcp(7), RFC 5482). So a Group looks at all
// connections every few seconds, with one timer for all.
type Group struct {
	small, large sync.Pool

	deadAfter time.Duration // the constant if 0

	mu    sync.Mutex
	conns map[*Conn]struct{}
	timer *time.Timer // nil while there are no conns
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

// check ends reading and writing for dead peers.
func (g *Group) check() {
	g.mu.Lock()
	conns := slices.Collect(maps.Keys(g.conns))
	if g.timer != nil {
		g.timer.Reset(g.patience() / checksInDeadAfter)
	}
	g.mu.Unlock()
	for _, c := range conns {
		c.raw.Control(func(fd uintptr) {
			if isDead(int(fd), g.patience()) {
				c.giveUp()
			}
		})
	}
}
