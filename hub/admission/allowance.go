package admission

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	// LineShares is the number of shares that a line costs. An idle line costs one share,
	// because the server only parses it: that is less than a hundredth of the work for a line
	// to a large room. The usual allowance has room for thousands of idle lines at once, so
	// that a client that sends them and leaves is not delayed and its name becomes free.
	LineShares = 100
	// LinesPerCostly is the rate of lines divided by the rate of costly requests.
	LinesPerCostly = 5
	// minCostlyBurst is the smallest burst of costly requests.
	minCostlyBurst = 5
)

// An Allowance is a member's rate limit for lines and for costly requests. Only one goroutine
// at a time may use it.
type Allowance struct {
	perSecond float64
	burst     int
	lines     *rate.Limiter // in shares
	costly    *rate.Limiter
}

// NewAllowance returns an allowance of burst lines at once, at least one, and perSecond lines
// a second.
func NewAllowance(perSecond float64, burst int) *Allowance {
	a := &Allowance{}
	a.Set(perSecond, burst)
	return a
}

// Set changes the limit to that of NewAllowance. What was spent stays spent.
func (a *Allowance) Set(perSecond float64, burst int) {
	if a.lines != nil && a.perSecond == perSecond && a.burst == burst {
		return
	}
	a.perSecond, a.burst = perSecond, burst
	now := time.Now()
	shares := min(max(burst, 1), math.MaxInt32/LineShares) * LineShares // fits into 32 bits
	a.lines = withLimit(a.lines, rate.Limit(perSecond*LineShares), shares, now)
	a.costly = withLimit(a.costly, rate.Limit(perSecond/LinesPerCostly), max(burst/LinesPerCostly, minCostlyBurst), now)
}

// Spend uses shares of lines, at least one, and a costly request if costly is set, at the time now. It always
// succeeds, and returns how long the caller must wait before it reads the member's next line. forCostly
// reports whether the limit of costly requests determines the wait.
func (a *Allowance) Spend(now time.Time, shares int, costly bool) (wait time.Duration, forCostly bool) {
	for shares > 0 { // a Limiter refuses more than its burst
		n := min(shares, a.lines.Burst())
		wait = a.lines.ReserveN(now, n).DelayFrom(now)
		shares -= n
	}
	if costly {
		if w := a.costly.ReserveN(now, 1).DelayFrom(now); w > wait {
			return w, true
		}
	}
	return wait, false
}

// Debt returns the wait that remains for what was spent. Its results are like those of Spend.
func (a *Allowance) Debt() (wait time.Duration, forCostly bool) {
	now := time.Now()
	wait = a.lines.ReserveN(now, 0).DelayFrom(now)
	if w := a.costly.ReserveN(now, 0).DelayFrom(now); w > wait {
		return w, true
	}
	return wait, false
}

// HalfFull reports whether at least half of the burst of lines is available at the time now.
func (a *Allowance) HalfFull(now time.Time) bool {
	return a.lines.TokensAt(now) >= float64(a.lines.Burst())/2
}

// isFull reports whether all of the allowance is available.
func (a *Allowance) isFull(now time.Time) bool { return isFull(a.lines, now) && isFull(a.costly, now) }
