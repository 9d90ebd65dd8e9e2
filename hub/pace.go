package hub

import (
	"fmt"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A member that sends more than its allowance is read more slowly, and loses nothing: its
// session does not read on until the allowance has refilled, and the transport's own flow
// control does the rest.

// keepPace takes a cost off m's allowance. It returns how long m is not to be read.
func (m *member) keepPace(c wire.Cost) time.Duration {
	if m.hub.rate <= 0 {
		return 0
	}
	if m.allowance == nil { // made with the first line: most members only listen
		m.allowance = admission.NewAllowance(m.hub.rate, m.hub.burst)
	}
	if m.slowed && m.allowance.HalfFull() {
		m.slowed = false
	}
	shares := admission.LineShares
	if c == wire.Idle {
		shares = 1
	}
	return m.slow(m.allowance.Spend(shares, c == wire.Costly))
}

// inherit gives m the allowance that a member from its address left, if there is one. It
// returns how long m is not to be read until that allowance has refilled. So an address
// never has more allowances in use than it had members at once.
func (m *member) inherit() time.Duration {
	m.takeTurn()
	defer m.endTurn()
	a := m.slot.TakeAllowance()
	if a == nil {
		return 0
	}
	m.allowance = a
	if m.over != nil {
		return 0
	}
	return m.slow(a.Debt())
}

// slow sends m a notice, once in a while, that it is not read for a time, which slow returns.
// What m said before does not wait for that.
func (m *member) slow(wait time.Duration, costly bool) time.Duration {
	if wait <= 0 {
		return 0
	}
	m.sweep()
	if !m.slowed {
		m.slowed = true
		limit, what := m.hub.rate, "lines"
		if costly {
			limit, what = limit/admission.CostlyShare, "names, rooms, private messages and looks at history"
		}
		m.tell(&wire.Notice{Code: wire.NoticePaced, Message: fmt.Sprintf("you are being slowed: %.3g %s a second", limit, what)})
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
