package hub

import (
	"fmt"
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

	// idleShare is how many idle lines cost as much as one: blank lines and others that
	// nobody hears and that get no answer. Such a line costs the server its parsing and
	// no writes, a hundredth or less of what a line to a room costs. Thousands of them,
	// which somebody pastes or sends by mistake, fit into the usual allowance at once and
	// keep no name.
	idleShare = 100
)

// pace is what a member may say. It belongs to its session; between two members from one
// address it belongs to their origin.
type pace struct {
	perSecond float64
	lines     *rate.Limiter // in shares of a line: idleShare of them are one
	favours   *rate.Limiter
	told      bool // that it is being slowed, in this spell
}

// A charge is what a line costs its sender.
type charge uint8

const (
	chargeLine   charge = iota // a line
	chargeFavour               // a line, and a favour
	chargeIdle                 // next to nothing
)

// newPace returns the allowance of one member.
func newPace(perSecond float64, burst int) *pace {
	return &pace{
		perSecond: perSecond,
		lines:     rate.NewLimiter(rate.Limit(perSecond*idleShare), max(burst, 1)*idleShare),
		favours:   rate.NewLimiter(rate.Limit(perSecond/favourShare), max(burst/favourShare, leastFavours)),
	}
}

// spend takes a charge off the allowance, and returns how long nothing more is to be read,
// with the bound that says so.
func (p *pace) spend(c charge) (wait time.Duration, bound *rate.Limiter) {
	now := time.Now()
	if p.told && p.lines.TokensAt(now) >= float64(p.lines.Burst())/2 {
		p.told = false // the spell is over
	}
	shares := idleShare
	if c == chargeIdle {
		shares = 1
	}
	wait, bound = p.lines.ReserveN(now, shares).DelayFrom(now), p.lines
	if c == chargeFavour {
		if w := p.favours.ReserveN(now, 1).DelayFrom(now); w > wait {
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

// charge returns what a request costs a member that speaks a format. q is nil if the line
// asks for nothing.
func (q *request) charge(f Format) charge {
	if q == nil {
		return chargeIdle
	}
	switch q.verb {
	case verbNick, verbJoin, verbMsg, verbRooms, verbHistory, verbSince, verbSearch:
		return chargeFavour
	case verbFormat:
		if f == Text && q.name == "text" { // nothing changes, and there is no answer
			return chargeIdle
		}
	}
	return chargeLine
}

// keepPace takes a charge off m's allowance, and returns how long m is not to be read.
// What the member said by then must not wait for that.
func (m *member) keepPace(c charge) time.Duration {
	if m.hub.rate <= 0 {
		return 0
	}
	if m.pace == nil { // taken with the first line: most only listen
		m.pace = m.takePace()
	}
	wait, bound := m.pace.spend(c)
	if wait <= 0 {
		return 0
	}
	m.sweep()
	if n := m.pace.notice(bound); n != nil {
		m.tell(n)
	}
	return wait
}

// takePace returns the allowance with which m begins: one that a member from the same
// address left behind, if there is any, so that an address never has more of them in use
// than it had members at once.
func (m *member) takePace() *pace {
	p := m.seat.takePace()
	if p == nil {
		return newPace(m.hub.rate, m.hub.burst)
	}
	p.told = false // m was not
	return p
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
