package hub

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// Somebody who says more than its allowance is read more slowly, and loses nothing: its
// session does not read on until the allowance is there again, and the transport's own flow
// control does the rest.

const (
	// favourShare is the part of a member's allowance that it has for what bothers
	// others or costs the server more: names, rooms, private messages and history.
	favourShare = 5
	// leastFavours is how many of these may come at once in any case.
	leastFavours = 5
)

// pace is what a member may say. It belongs to its session; between two members from one
// address it belongs to their origin.
type pace struct {
	perSecond float64
	lines     *rate.Limiter // in shares of a line, of which idleShare make one
	favours   *rate.Limiter
	told      bool // that it is being slowed, in this spell
}

// newPace returns the allowance of one member.
func newPace(perSecond float64, burst int) *pace {
	shares := min(max(burst, 1), math.MaxInt32/idleShare) * idleShare // fits into an int of 32 bits
	return &pace{
		perSecond: perSecond,
		lines:     rate.NewLimiter(rate.Limit(perSecond*idleShare), shares),
		favours:   rate.NewLimiter(rate.Limit(perSecond/favourShare), max(burst/favourShare, leastFavours)),
	}
}

// spend takes a charge off the allowance, and returns how long nothing more is to be read,
// with the bound that says so. The zero charge asks only how long what was spent is owed.
func (p *pace) spend(c charge) (wait time.Duration, bound *rate.Limiter) {
	now := time.Now()
	if p.told && p.lines.TokensAt(now) >= float64(p.lines.Burst())/2 {
		p.told = false // the spell is over
	}
	wait, bound = p.lines.ReserveN(now, c.shares).DelayFrom(now), p.lines
	if c.favours > 0 || c == (charge{}) {
		if w := p.favours.ReserveN(now, c.favours).DelayFrom(now); w > wait {
			wait, bound = w, p.favours
		}
	}
	return wait, bound
}

// isFull reports whether nothing of the allowance is used up.
func (p *pace) isFull(now time.Time) bool { return isFull(p.lines, now) && isFull(p.favours, now) }

// notice says why a member is read more slowly; nil where it knows.
func (p *pace) notice(bound *rate.Limiter) *Notice {
	if p.told {
		return nil
	}
	p.told = true
	limit, what := p.perSecond, "lines"
	if bound == p.favours {
		limit, what = p.perSecond/favourShare, "names, rooms, private messages and looks at history"
	}
	return &Notice{Code: NoticePaced, Message: fmt.Sprintf("you are being slowed: %.3g %s a second", limit, what)}
}

// keepPace takes a charge off m's allowance, and returns how long m is not to be read.
func (m *member) keepPace(c charge) time.Duration {
	if m.hub.rate <= 0 {
		return 0
	}
	if m.pace == nil { // made with the first line: most only listen
		m.pace = newPace(m.hub.rate, m.hub.burst)
	}
	return m.slow(m.pace.spend(c))
}

// inherit gives m the allowance that a member from its address left behind, if there is one,
// and returns how long m is not to be read until what that one owes is there. So an address
// never has more allowances in use than it had members at once.
func (m *member) inherit() time.Duration {
	m.takeTurn()
	defer m.endTurn()
	p := m.seat.takePace()
	if p == nil {
		return 0
	}
	m.pace = p
	p.told = false // m was not
	if m.over != nil {
		return 0
	}
	return m.slow(p.spend(charge{}))
}

// slow tells m, once in a while, that it is not to be read for a time, which it returns.
// What m said by then must not wait for that.
func (m *member) slow(wait time.Duration, bound *rate.Limiter) time.Duration {
	if wait <= 0 {
		return 0
	}
	m.sweep()
	if n := m.pace.notice(bound); n != nil {
		m.tell(n)
	}
	return wait
}

// pause waits until m may be read again, or is ended. An error says that the peer is gone
// meanwhile, and why m ends.
func (m *member) pause(d time.Duration) error {
	if w, ok := m.conn.(Watcher); ok {
		return w.Watch(d) // which ends when m's connection is closed
	}
	until := time.Now().Add(d)
	wake := time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wake()
	})
	defer wake.Stop()
	m.waitUntil(func() bool { return m.ended || !time.Now().Before(until) })
	return nil
}
