package sqlite

import "time"

const (
	// trustTime is how long the wall clock must run without being set before it is trusted. It
	// is longer than the interval at which time synchronisation usually corrects a clock
	// (systemd-timesyncd: 34 minutes).
	trustTime = time.Hour
	// maxDrift is the difference between the steps of the wall clock and the monotonic clock
	// above which the wall clock was set.
	maxDrift = 5 * time.Second
)

// A clock returns the time by which messages and keys are too old. If the wall clock is set ahead
// the clock ignores that for trustTime, so that a wrong clock does not delete history. If the wall
// clock is set back, the clock follows at once, which deletes nothing too early.
type clock struct {
	wall  func() time.Time
	read  time.Time     // when wall was read last, by the monotonic clock
	last  time.Time     // what wall returned then
	set   time.Time     // when wall was last found to be set, by the monotonic clock
	ahead time.Duration // wall less the trusted time
}

// newClock returns a clock whose first time is not later than trusted, which an earlier clock
// returned.
func newClock(wall func() time.Time, trusted time.Time) *clock {
	now, last := time.Now(), wall().Round(0)
	return &clock{wall: wall, read: now, last: last, set: now, ahead: max(last.Sub(trusted), 0)}
}

// now returns the trusted time, and how far the wall clock is ahead of it.
func (c *clock) now() (trusted time.Time, ahead time.Duration) {
	now, wall := time.Now(), c.wall().Round(0)
	step := wall.Sub(c.last) - now.Sub(c.read)
	c.read, c.last = now, wall
	c.ahead = max(c.ahead+step, 0)
	if step.Abs() > maxDrift {
		c.set = now
	}
	if c.ahead <= maxDrift || now.Sub(c.set) >= trustTime {
		c.ahead = 0
	}
	return wall.Add(-c.ahead), c.ahead
}
