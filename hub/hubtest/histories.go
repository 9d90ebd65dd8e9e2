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
	journalSeed = flag.Uint64("journal.seed", 0, "run the random history of this seed alone")
	journalTime = flag.Duration("journal.time", time.Second/2, "how long each test runs random histories")
)

// Histories compares a hub.Journal with a model while random things happen to it: messages
// are said in many rooms, rooms are opened, released and forgotten, the journal ends and is
// opened again, and its disk fails.
type Histories struct {
	// Open returns a new, empty Journal.
	Open func(t *testing.T, keep history.Retention) history.Journal

	// Rooms is how many rooms without members keep their history, or 0 if all do. The
	// Journal may keep up to twice as many. Small numbers find more.
	Rooms int

	// Reopen ends a Journal, by a crash or in good order, and opens it again with the same
	// options. Messages may be under way, of which it commits none after that.
	Reopen func(t *testing.T, j history.Journal, crash bool) history.Journal

	// Volatile says that no message survives Reopen.
	Volatile bool

	// Unsure says that after Reopen or Break a Journal may not know which ids it gave. It
	// may then report messages as missing that were never there.
	Unsure bool

	// Break makes a Journal unable to store and perhaps to read, until repair is called.
	// Meanwhile it refuses messages, or tells them unstored. Nil if a Journal can't fail.
	Break func(t *testing.T, j history.Journal) (repair func())
}

// Test runs random histories for as long as -journal.time says, or with -journal.seed one.
func (h Histories) Test(t *testing.T) {
	if *journalSeed != 0 {
		h.run(t, *journalSeed)
		return
	}
	t.Run("crashes", h.testCrashes)
	seed := uint64(time.Now().UnixNano()) % 1e12
	for begun := time.Now(); time.Since(begun) < *journalTime && !t.Failed(); seed++ {
		h.run(t, seed)
	}
}

// run runs the random history of a seed. What a Journal does meanwhile may still depend on
// time.
func (h Histories) run(t *testing.T, seed uint64) {
	t.Run(fmt.Sprintf("-journal.seed=%d", seed), func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 0))
		h.begin(t, random, 2+random.IntN(4*max(h.Rooms, 2))).run()
	})
}

// testCrashes crashes after each of some commits.
func (h Histories) testCrashes(t *testing.T) {
	const commits, rooms = 8, 2
	s := h.begin(t, rand.New(rand.NewPCG(1, 0)), rooms)
	for range commits {
		r := s.anyRoom()
		if !r.open {
			s.openRoom(r)
		}
		s.say(r)
		s.reopen(true)
	}
}

func (h Histories) begin(t *testing.T, random *rand.Rand, rooms int) *randomRun {
	s := &randomRun{Histories: h, T: t, random: random, keep: mostUnderWay + random.IntN(10)}
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
