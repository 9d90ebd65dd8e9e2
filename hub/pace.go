package hub

import (
	"fmt"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A member that exceeds its allowance is read more slowly, and loses nothing: its session stops
// reading until the allowance has refilled, and the flow control of the transport slows the client
// down.

// charge subtracts the cost of lines from the member's allowance, when they have been handled. It
// returns how long to wait before the next ReadLine.
func (s *session) charge(c wire.Cost, lines int) time.Duration {
	l := s.hub.limits.Load()
	if l.rate <= 0 {
		s.activity.end(s.hub.uptime())
		return 0
	}
	if s.allowance == nil { // most members only listen, and need none
		s.allowance = admission.NewAllowance(l.rate, l.burst)
	}
	s.allowance.Set(l.rate, l.burst)
	now := time.Now()
	s.activity.end(now.Sub(s.hub.started))
	if s.slowed && s.allowance.HalfFull(now) {
		s.slowed = false
	}
	shares := admission.LineShares * lines
	if c == wire.Idle {
		shares = 1
	}
	wait, costly := s.allowance.Spend(now, shares, c == wire.Costly)
	return s.notifyPaced(l, wait, costly)
}

// inheritAllowance gives the member the allowance that another member from its address left, if
// there is one. It returns how long to wait until the allowance is no longer overdrawn. So an
// address never has more allowances in use than it had members at once.
func (s *session) inheritAllowance() time.Duration {
	s.takeTurn()
	defer s.endTurn()
	a := s.slot.TakeAllowance()
	if a == nil {
		return 0
	}
	s.allowance = a
	l := s.hub.limits.Load()
	if s.endErr != nil || l.rate <= 0 {
		return 0
	}
	a.Set(l.rate, l.burst)
	wait, costly := a.Debt()
	return s.notifyPaced(l, wait, costly)
}

// notifyPaced sends the member a notice if it must wait, but not again before half of its
// allowance has refilled. It returns wait. The messages that the member has said are swept first.
func (s *session) notifyPaced(l *limits, wait time.Duration, costly bool) time.Duration {
	if wait <= 0 {
		return 0
	}
	s.hub.opt.Meter.Paced(wait)
	s.sweep()
	if !s.slowed {
		s.slowed = true
		limit, what := l.rate, "lines"
		if costly {
			limit, what = limit/admission.LinesPerCostly, "names, rooms, private messages and looks at history"
		}
		s.reply(&wire.Notice{Code: wire.NoticePaced, Message: fmt.Sprintf("you are being slowed: %.3g %s a second", limit, what)})
	}
	return wait
}

// pause waits for d, or until the member ends. It returns an error if the connection has ended.
func (s *session) pause(d time.Duration) error {
	if w, ok := s.conn.(Watcher); ok {
		return w.Watch(d)
	}
	until := time.Now().Add(d)
	wake := time.AfterFunc(d, func() {
		s.out.mu.Lock()
		defer s.out.mu.Unlock()
		s.out.wakeLocked()
	})
	defer wake.Stop()
	s.out.waitUntil(func() bool { return s.ended || !time.Now().Before(until) })
	return nil
}
