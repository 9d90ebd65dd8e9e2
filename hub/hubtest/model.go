package hubtest

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"partyline/hub/history"
)

var (
	journalSeed = flag.Uint64("journal.seed", 0, "run only the random operations of this seed")
	journalTime = flag.Duration("journal.time", time.Second/2, "duration of the random operations of each test")
)

// A ModelTest compares a history.Journal with a model during random operations: messages are
// appended in many rooms, rooms are opened, released and forgotten, the Journal is closed or crashes
// and is opened again, and its disk fails.
type ModelTest struct {
	// Open returns a new, empty Journal.
	Open func(t *testing.T, keep history.Retention) history.Journal

	// Rooms is the number of rooms without members that keep their history, or 0 if all do. The
	// Journal may keep up to twice as many. Small numbers find more faults.
	Rooms int

	// Reopen closes a Journal, or makes it crash, and opens it again with the same options. It
	// may have pending messages, which it must not commit after that.
	Reopen func(t *testing.T, j history.Journal, crash bool) history.Journal

	// Volatile is set if no message survives Reopen.
	Volatile bool

	// Unsure is set if a Journal may not know which ids it gave before Reopen or during Break. It
	// may then report more messages as missing than there were.
	Unsure bool

	// Break makes writes, and perhaps reads, fail until repair is called. Meanwhile the Journal
	// refuses messages or commits them unstored. Break is nil if the Journal can't fail.
	Break func(t *testing.T, j history.Journal) (repair func())
}

// Test runs random operations for the time of -journal.time, or once with -journal.seed.
func (mt ModelTest) Test(t *testing.T) {
	if *journalSeed != 0 {
		mt.run(t, *journalSeed)
		return
	}
	t.Run("crashes", mt.testCrashes)
	limit := *journalTime
	if testing.Short() {
		limit = min(limit, time.Second/10)
	}
	seed := uint64(time.Now().UnixNano()) % 1e12
	for start := time.Now(); time.Since(start) < limit && !t.Failed(); seed++ {
		mt.run(t, seed)
	}
}

// run runs the random operations of a seed. The behaviour of the Journal may also depend on time.
func (mt ModelTest) run(t *testing.T, seed uint64) {
	t.Run(fmt.Sprintf("-journal.seed=%d", seed), func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 0))
		mt.newRun(t, random, 2+random.IntN(4*max(mt.Rooms, 2))).run()
	})
}

// testCrashes crashes after each of a few commits.
func (mt ModelTest) testCrashes(t *testing.T) {
	const commits, rooms = 8, 2
	s := mt.newRun(t, rand.New(rand.NewPCG(1, 0)), rooms)
	for range commits {
		r := s.anyRoom()
		if !r.open {
			s.openRoom(r)
		}
		s.say(r)
		s.reopen(true)
	}
}

// newRun opens a Journal for a run with a number of rooms.
func (mt ModelTest) newRun(t *testing.T, random *rand.Rand, rooms int) *randomRun {
	s := &randomRun{ModelTest: mt, T: t, random: random, keep: maxPending + random.IntN(10)}
	t.Cleanup(func() {
		if t.Failed() {
			s.logSteps()
		}
	})
	s.journal = mt.Open(t, history.Retention{Messages: s.keep})
	s.step("each room keeps %d messages", s.keep)
	for i := range rooms {
		s.rooms = append(s.rooms, &modelRoom{name: fmt.Sprint("room-", i)})
	}
	return s
}
