package hubtest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"partyline/hub/history"
)

const (
	runSteps = 80
	// maxPending is the maximum number of pending messages of a room when a Journal is reopened.
	// Every room retains at least as many, so that the test finds all that were stored.
	maxPending = 3
)

// A randomRun applies random operations to a Journal and to the model.
type randomRun struct {
	ModelTest
	*testing.T
	random *rand.Rand
	keep   int

	journal history.Journal
	repair  func() // repairs the Journal; nil if it is not broken
	unsure  bool   // the Journal may not know which ids it gave
	rooms   []*modelRoom
	created int // the number of rooms created
	texts   int // the number of texts
	steps   []string
}

// step adds a step to the log of the test.
func (s *randomRun) step(format string, args ...any) {
	s.steps = append(s.steps, fmt.Sprintf(format, args...))
}

func (s *randomRun) logSteps() {
	const most = 60
	for _, step := range s.steps[max(len(s.steps)-most, 0):] {
		s.Log(step)
	}
}

// chance returns true with probability 1/n.
func (s *randomRun) chance(n int) bool { return s.random.IntN(n) == 0 }

func (s *randomRun) anyRoom() *modelRoom { return s.rooms[s.random.IntN(len(s.rooms))] }

func (s *randomRun) run() {
	for range runSteps {
		s.next()
		if s.Failed() {
			return
		}
	}
	if s.repair != nil {
		s.repairJournal()
	}
	for _, r := range s.rooms {
		if !r.open {
			s.openRoom(r)
		}
		s.check(r)
	}
}

// next does a random step.
func (s *randomRun) next() {
	r := s.anyRoom()
	switch broken := s.repair != nil; {
	case s.chance(25):
		s.reopen(s.chance(2))
	case s.Break != nil && !broken && s.chance(25):
		s.step("the journal breaks")
		s.repair = s.Break(s.T, s.journal)
		s.unsure = s.unsure || s.Unsure
	case broken && s.chance(8):
		s.repairJournal()
	case !r.open:
		s.openRoom(r)
	case s.chance(4):
		s.release(r)
	case s.chance(3) && !broken:
		s.check(r)
	case s.chance(4) && !broken && len(r.keyed) > 0:
		s.sayAgain(r)
	default:
		n := 5
		if broken {
			n = 2 * s.keep // more than are retained
		}
		for range 1 + s.random.IntN(n) {
			s.say(r)
		}
	}
}

// openRoom opens a room and checks whether it was forgotten.
func (s *randomRun) openRoom(r *modelRoom) {
	last := s.journal.Open(r.name, nil)
	s.step("open %s: %d", r.name, last)
	if last < r.last {
		s.Fatalf("%s is opened at %d, it gave %d", r.name, last, r.last)
	}
	r.open = true
	stored := len(r.kept(s.keep)) > 0
	if s.repair != nil { // if it is unreadable the Journal estimates its newest id
		s.unsure = true
	} else if stored && r.forgettable {
		found, _, err := readBefore(s.journal, r.name, 1<<53, 1)
		if err != nil {
			s.Fatal(err)
		}
		stored = len(found) > 0
	}
	switch {
	case !stored: // the Journal may have forgotten it
		s.step("%s is new", r.name)
		s.created++
		r.number = s.created
		r.forget(last)
	case last != r.last && !s.unsure:
		s.Errorf("%s is opened at %d, the newest id is %d", r.name, last, r.last)
	}
	r.forgettable = false
	r.last = last
	if s.repair == nil {
		s.check(r)
	}
}

func (s *randomRun) release(r *modelRoom) {
	s.step("release %s", r.name)
	s.journal.Release(r.name)
	r.open = false
	if s.Rooms > 0 {
		noteForgettable(s.rooms, s.Rooms, s.keep)
	}
}

// repairJournal repairs the Journal and waits until it stores messages.
func (s *randomRun) repairJournal() {
	r := s.anyRoom()
	if !r.open {
		s.openRoom(r)
	}
	s.step("the journal is repaired")
	s.repair()
	for late := time.Now().Add(patience); !s.say(r); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			s.Fatal("the journal stores nothing after its repair")
		}
	}
	s.repair = nil
}
