package sqlite

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/history"
)

// A wallClock is a clock that can be set.
type wallClock struct{ ahead atomic.Int64 }

func (c *wallClock) now() time.Time { return time.Now().Round(0).Add(time.Duration(c.ahead.Load())) }

// set sets the clock to the right time plus d.
func (c *wallClock) set(d time.Duration) { c.ahead.Store(int64(d)) }

// TestClock sets the wall clock at some times after the start, and then checks how far the trusted
// time is ahead of the right time.
func TestClock(t *testing.T) {
	const day, second = 24 * time.Hour, time.Second
	type set struct{ after, ahead time.Duration }
	for name, c := range map[string]struct {
		saved time.Duration // the last time of an earlier clock, less the right time at the start
		sets  []set
		after time.Duration
		want  time.Duration
	}{
		"right":                             {after: 2 * day},
		"ahead":                             {sets: []set{{second, day}}, after: second + trustTime - 1},
		"ahead for long":                    {sets: []set{{second, day}}, after: trustTime + 2*expireEvery, want: day},
		"ahead and right again":             {sets: []set{{second, day}, {trustTime / 2, 0}}, after: 3 * trustTime},
		"ahead and less so":                 {sets: []set{{second, day}, {trustTime / 2, day / 2}}, after: trustTime + trustTime/2 - 1},
		"ahead and less so for long":        {sets: []set{{second, day}, {trustTime / 2, day / 2}}, after: trustTime + trustTime/2 + expireEvery, want: day / 2},
		"again and again":                   {sets: []set{{second, day}, {trustTime / 2, 2 * day}, {trustTime, 3 * day}}, after: 2*trustTime - 1},
		"back":                              {sets: []set{{second, -day}}, after: second, want: -day},
		"back and right again":              {sets: []set{{second, -day}, {trustTime / 2, 0}}, after: trustTime + trustTime/2 - 1, want: -day},
		"back and right again for long":     {sets: []set{{second, -day}, {trustTime / 2, 0}}, after: trustTime + trustTime/2 + expireEvery},
		"a little ahead":                    {sets: []set{{second, maxDrift}}, after: second, want: maxDrift},
		"ahead at the start":                {saved: -day, sets: []set{{0, day}}, after: trustTime - 1, want: -day},
		"ahead at the start for long":       {saved: -day, sets: []set{{0, day}}, after: trustTime, want: day},
		"right at the start, after a pause": {saved: -day, after: trustTime - 1, want: -day},
		"right, after a pause, for long":    {saved: -day, after: trustTime},
		"right, after a wrong clock":        {saved: day, after: second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var wall wallClock
				start := time.Now()
				if len(c.sets) > 0 && c.sets[0].after == 0 {
					wall.set(c.sets[0].ahead)
				}
				clock := newClock(wall.now, start.Round(0).Add(c.saved))
				every := time.NewTicker(expireEvery)
				defer every.Stop()
				wait := func(until time.Duration) { runClock(clock, every.C, start.Add(until)) }
				for _, s := range c.sets {
					wait(s.after)
					wall.set(s.ahead)
				}
				wait(c.after)
				trusted, ahead := clock.now()
				if got := trusted.Sub(time.Now().Round(0)); got != c.want {
					t.Errorf("the trusted time is ahead by %v, want %v", got, c.want)
				}
				if got := wall.now().Sub(trusted); got != ahead {
					t.Errorf("the wall clock is ahead by %v, now returns %v", got, ahead)
				}
			})
		})
	}
}

// runClock reads a clock at each tick until a time.
func runClock(c *clock, ticks <-chan time.Time, until time.Time) {
	for end := time.After(time.Until(until)); ; {
		select {
		case <-ticks:
			c.now()
		case <-end:
			return
		}
	}
}

// A wall clock that is wrong for a while, even over restarts, deletes no messages by age and forgets
// no keys. When it has been right for long, messages are deleted again.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const age = 2 * trustTime
	synctest.Test(t, func(t *testing.T) {
		var wall wallClock
		o := retain(10)
		o.Retention.Age, o.wall = age, wall.now
		dir := t.TempDir()
		j := start(t, dir, o)
		first, _ := try(j, "r", "key", "first")
		gone, _ := try(j, "gone", "key", "x")
		for i := range o.Retention.Messages { // until its message is no longer retained
			say(t, j, "gone", fmt.Sprint(i))
		}
		check := func(when string, j *Journal, want int) {
			t.Helper()
			time.Sleep(2 * expireEvery)
			synctest.Wait()
			var rows int
			if err := j.readers.QueryRow(`SELECT count(*) FROM messages WHERE text = 'first'`).Scan(&rows); err != nil || rows != want {
				t.Errorf("%s the file has %d messages, want %d; %v", when, rows, want, err)
			}
		}
		wall.set(1000 * age)
		check("with the clock ahead", j, 1)
		if m, result := try(j, "gone", "key", "x"); !result.Repeated || m.ID != gone.ID {
			t.Errorf("a key with the clock ahead: id %d, %+v, want the id %d", m.ID, result, gone.ID)
		}
		for range 2 {
			j.Close(context.Background())
			j = start(t, dir, o)
			say(t, j, "r", "ahead")
			check("after a restart with the clock ahead", j, 1)
		}
		if m, result := try(j, "r", "key", "first"); !result.Repeated || m.ID != first.ID {
			t.Errorf("a key after the restart: id %d, %+v, want the id %d", m.ID, result, first.ID)
		}
		wall.set(0)
		check("with the clock right again", j, 1)
		time.Sleep(age)
		check("when it is old", j, 0)
	})
}

// A wall clock that stays ahead is trusted after a while.
func TestClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wall wallClock
		j := start(t, t.TempDir(), Options{Retention: history.Retention{Messages: 10, Age: 24 * time.Hour}, wall: wall.now})
		say(t, j, "r", "x")
		time.Sleep(tick)
		wall.set(48 * time.Hour)
		time.Sleep(trustTime)
		if got := texts(t, j, "r"); len(got) != 1 {
			t.Errorf("after %v history has %q", trustTime, got)
		}
		time.Sleep(2 * expireEvery)
		if got := texts(t, j, "r"); len(got) != 0 {
			t.Errorf("after some more minutes it has %q", got)
		}
	})
}
