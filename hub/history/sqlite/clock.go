package sqlite

import "time"

const (
	// trustTime is how long the wall clock has to go on evenly before what it says is
	// trusted. It is longer than the time between two looks of the usual programs that set
	// clocks by the network (systemd-timesyncd: 34 minutes), which then had an occasion to
	// correct it.
	trustTime = time.Hour
	// mostDrift is how much the wall clock may differ from the monotonic one, between two
	// readings, without having been set.
	mostDrift = 5 * time.Second
)

// A clock says how late it is at least, for what deletes by age. A wall clock that is set
// ahead is not trusted at once: for trustTime the clock goes on at the pace of the monotonic
// one. If it is set back, the clock follows: that deletes nothing too early.
type clock struct {
	wall  func() time.Time // the wall clock, which may be set at any time
	read  time.Time        // when it was read last, by the monotonic clock
	last  time.Time        // what it said
	set   time.Time        // when it was last found to be set, by the monotonic clock
	ahead time.Duration    // how far it is ahead of what is trusted
}

// newClock returns a clock that trusts no time after a trusted one, of an earlier clock,
// until trustTime has passed.
func newClock(wall func() time.Time, trusted time.Time) *clock {
	now, last := time.Now(), wall().Round(0)
	return &clock{wall: wall, read: now, last: last, set: now, ahead: max(last.Sub(trusted), 0)}
}

// now returns a time that is not after the right one, and how far the wall clock is ahead of
// it.
func (c *clock) now() (trusted time.Time, ahead time.Duration) {
	now, wall := time.Now(), c.wall().Round(0)
	step := wall.Sub(c.last) - now.Sub(c.read)
	c.read, c.last = now, wall
	c.ahead = max(c.ahead+step, 0)
	if step.Abs() > mostDrift {
		c.set = now
	}
	if c.ahead <= mostDrift || now.Sub(c.set) >= trustTime {
		c.ahead = 0
	}
	return wall.Add(-c.ahead), c.ahead
}
