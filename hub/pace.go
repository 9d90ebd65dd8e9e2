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
)

// pace is what a member may say. It belongs to its session.
type pace struct {
	lines   *rate.Limiter
	favours *rate.Limiter
	told    bool // that it is being slowed, in this spell
}

// newPace returns the allowance of one member.
func newPace(perSecond float64, burst int) *pace {
	return &pace{
		lines:   rate.NewLimiter(rate.Limit(perSecond), max(burst, 1)),
		favours: rate.NewLimiter(rate.Limit(perSecond/favourShare), max(burst/favourShare, leastFavours)),
	}
}

// spend takes a line off the allowance, and returns how long nothing more is to be read,
// with the bound that says so.
func (p *pace) spend(favour bool) (wait time.Duration, bound *rate.Limiter) {
	now := time.Now()
	if p.told && p.lines.TokensAt(now) >= float64(p.lines.Burst())/2 {
		p.told = false // the spell is over
	}
	wait, bound = p.lines.ReserveN(now, 1).DelayFrom(now), p.lines
	if favour {
		if w := p.favours.ReserveN(now, 1).DelayFrom(now); w > wait {
			wait, bound = w, p.favours
		}
	}
	return wait, bound
}

// notice says why a member is read more slowly; nil where it knows.
func (p *pace) notice(bound *rate.Limiter) *Notice {
	if p.told {
		return nil
	}
	p.told = true
	what := "lines"
	if bound == p.favours {
		what = "names, rooms, private messages and looks at history"
	}
	return &Notice{Code: NoticePaced, Message: fmt.Sprintf("you are being slowed: %.3g %s a second", bound.Limit(), what)}
}

// favour reports whether a request has the lower allowance.
func (q *request) favour() bool {
	switch q.verb {
	case verbNick, verbJoin, verbMsg, verbHistory, verbSince, verbSearch:
		return true
	}
	return false
}

// keepPace takes a line off m's allowance, and returns how long m is not to be read. What
// the member said by then must not wait for that.
func (m *member) keepPace(favour bool) time.Duration {
	if m.hub.rate <= 0 {
		return 0
	}
	if m.pace == nil { // made with the first line: most only listen
		m.pace = newPace(m.hub.rate, m.hub.burst)
	}
	wait, bound := m.pace.spend(favour)
	if wait <= 0 {
		return 0
	}
	m.sweep()
	if n := m.pace.notice(bound); n != nil {
		m.tell(n)
	}
	return wait
}

// pause waits until m may be read again, or is ended.
func (m *member) pause(d time.Duration) {
	until := time.Now().Add(d)
	wake := time.AfterFunc(d, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wake()
	})
	defer wake.Stop()
	m.waitUntil(func() bool { return m.ended || !time.Now().Before(until) })
}
