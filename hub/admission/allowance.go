package admission

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

const (
	// LineShares is the number of shares that one line costs. An idle line costs one share:
	// it costs the server its parsing and no write, less than a hundredth of a line to a large
	// room. Thousands of idle lines that come at once fit into the usual allowance, so that a
	// client that sends them and leaves keeps no name.
	LineShares = 100
	// CostlyShare is the part of the rate that costly requests have: a member may send one
	// for every CostlyShare lines.
	CostlyShare = 5
	// minCostly is the least number of costly requests that an allowance has.
	minCostly = 5
)

// An Allowance bounds what a member may ask for. A member uses it from one goroutine at a
// time; between two members from one address it belongs to the address.
type Allowance struct {
	lines  *rate.Limiter // in shares of a line
	costly *rate.Limiter
}

// NewAllowance returns an allowance of burst lines at once and perSecond lines a second.
func NewAllowance(perSecond float64, burst int) *Allowance {
	shares := min(max(burst, 1), math.MaxInt32/LineShares) * LineShares // fits into an int of 32 bits
	return &Allowance{
		lines:  rate.NewLimiter(rate.Limit(perSecond*LineShares), shares),
		costly: rate.NewLimiter(rate.Limit(perSecond/CostlyShare), max(burst/CostlyShare, minCostly)),
	}
}

// Spend takes shares of a line, and perhaps a costly request, off the allowance. It returns
// how long nothing more is to be read, and whether the bound for costly requests is the
// reason.
func (a *Allowance) Spend(shares int, costly bool) (wait time.Duration, forCostly bool) {
	now := time.Now()
	wait = a.lines.ReserveN(now, shares).DelayFrom(now)
	if costly {
		if w := a.costly.ReserveN(now, 1).DelayFrom(now); w > wait {
			return w, true
		}
	}
	return wait, false
}

// Debt returns what Spend returned for what is spent already and not refilled yet.
func (a *Allowance) Debt() (wait time.Duration, forCostly bool) {
	now := time.Now()
	wait = a.lines.ReserveN(now, 0).DelayFrom(now)
	if w := a.costly.ReserveN(now, 0).DelayFrom(now); w > wait {
		return w, true
	}
	return wait, false
}

// HalfFull reports whether at least half of the lines that may come at once are refilled.
func (a *Allowance) HalfFull() bool {
	return a.lines.TokensAt(time.Now()) >= float64(a.lines.Burst())/2
}

// isFull reports whether nothing of the allowance is used up.
func (a *Allowance) isFull(now time.Time) bool { return isFull(a.lines, now) && isFull(a.costly, now) }
