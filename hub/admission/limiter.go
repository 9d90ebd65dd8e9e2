package admission

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// withLimit returns l, if that has the given limit and burst, or a new limiter in its place: what was
// used of a burst stays used, but a smaller burst makes nobody wait for what a greater one allowed. If
// l is nil, nothing is used.
func withLimit(l *rate.Limiter, limit rate.Limit, burst int, now time.Time) *rate.Limiter {
	if l != nil && l.Limit() == limit && l.Burst() == burst {
		return l
	}
	next := rate.NewLimiter(limit, burst)
	if l == nil {
		return next
	}
	left := l.TokensAt(now) + float64(max(burst-l.Burst(), 0))
	for used := int(math.Ceil(float64(burst) - left)); used > 0; { // a Limiter refuses more than its burst
		n := min(used, burst)
		next.ReserveN(now, n)
		used -= n
	}
	return next
}

// isFull reports whether all tokens of a limiter are available. A nil limiter is full.
func isFull(l *rate.Limiter, now time.Time) bool {
	return l == nil || l.TokensAt(now) >= float64(l.Burst())
}
