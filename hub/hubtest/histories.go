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
	journalSeed = flag.Uint64("journal.seed", 0, "run only the random history of this seed")
	journalTime = flag.Duration("journal.time", time.Second/2, "duration of the random histories of each test")
)

// Histories compares a history.Journal with a model during random operations: messages are
// appended in many rooms, rooms are opened, released and forgotten, the Journal is closed or crashes
// and is opened again, and its disk fails.
type Histories struct {
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

	// Unsure is set if after Reopen or Break a Journal may not know which ids it gave. It may then
	// report more messages as missing than there were.
	Unsure bool

	// Break makes writes, and perhaps reads, fail until repair is called. Meanwhile the Journal
	// refuses messages or commits them unstored. Break is nil if the Journal can't fail.
	Break func(t *testing.T, j history.Journal) (repair func())
}

// Test runs random histories for the time -journal.time, or the one of -journal.seed.
func (h Histories) Test(t *testing.T) {
	if *journalSeed != 0 {
		h.run(t, *journalSeed)
		return
	}
	t.Run("crashes", h.testCrashes)
	limit := *journalTime
	if testing.Short() {
		limit = min(limit, time.Second/10)
	}
	seed := uint64(time.Now().UnixNano()) % 1e12
	for start := time.Now(); time.Since(start) < limit && !t.Failed(); seed++ {
		h.run(t, seed)
	}
}

// run runs the random history of a seed. The behaviour of the Journal may also depend on time.
func (h Histories) run(t *testing.T, seed uint64) {
	t.Run(fmt.Sprintf("-journal.seed=%d", seed), func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 0))
		h.newRun(t, random, 2+random.IntN(4*max(h.Rooms, 2))).run()
	})
}

// testCrashes crashes after each of a few commits.
func (h Histories) testCrashes(t *testing.T) {
	const commits, rooms = 8, 2
	s := h.newRun(t, rand.New(rand.NewPCG(1, 0)), rooms)
	for range commits {
		r := s.anyRoom()
		if !r.open {
			s.openRoom(r)
		}
		s.say(r)
		s.reopen(true)
	}
}

// newRun opens a Journal for a random history with a number of rooms.
func (h Histories) newRun(t *testing.T, random *rand.Rand, rooms int) *randomRun {
	s := &randomRun{Histories: h, T: t, random: random, keep: maxPending + random.IntN(10)}
	t.Cleanup(func() {
		if t.Failed() {
			s.logSteps()
		}
	})
	s.journal = h.Open(t, history.Retention{Messages: s.keep})
	s.step("each room keeps %d messages", s.keep)
	for i := range rooms {
		s.rooms = append(s.rooms, &modelRoom{name: fmt.Sprint("room-", i)})
	}
	return s
}
