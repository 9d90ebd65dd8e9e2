package history

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// tell says n messages in a room and releases it.
func (j *Memory) tell(room string, n int) {
	j.Open(room)
	for range n {
		j.Append(&wire.Message{Room: room, Text: "x"}, "", func(Result) {})
	}
	j.Release(room)
}

// history lists the rooms, of some, that have messages.
func (j *Memory) history(rooms ...string) (list []string) {
	for _, room := range rooms {
		if page, _ := j.Read(room, Range{Limit: 1, Newest: true}); len(page.Messages) > 0 {
			list = append(list, room)
		}
	}
	return list
}

// A Memory forgets exactly as many rooms as are too many: the smallest first, and of equals
// the youngest.
func TestMemoryForgetsInOrder(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 3)
	all := []string{"old", "large", "open", "young", "small", "silent"}
	j.tell("old", 2)
	j.tell("large", 9)
	j.tell("open", 1)
	j.Open("open")
	if want := []string{"old", "large", "open"}; !slices.Equal(j.history(all...), want) {
		t.Errorf("kept: %v, want %v", j.history(all...), want)
	}
	j.tell("silent", 0) // there is nothing to keep of it
	j.tell("young", 2)
	if want := []string{"old", "large", "open", "young"}; !slices.Equal(j.history(all...), want) {
		t.Errorf("kept: %v, want %v", j.history(all...), want)
	}
	j.tell("small", 1)
	if want := []string{"old", "large", "open", "young"}; !slices.Equal(j.history(all...), want) {
		t.Errorf("kept: %v, want %v", j.history(all...), want)
	}
	j.tell("larger", 3)
	if want := []string{"old", "large", "open"}; !slices.Equal(j.history(all...), want) {
		t.Errorf("kept: %v, want %v", j.history(all...), want)
	}
	j.Release("open")
	if want := []string{"old", "large"}; !slices.Equal(j.history(all...), want) {
		t.Errorf("kept: %v, want %v", j.history(all...), want)
	}
}

// Messages that are too old do not count for a room.
func TestMemoryForgetsExpiredRoomsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewSmallMemory(Retention{Messages: 5, Age: time.Hour}, 2)
		j.tell("expired", 3)
		time.Sleep(2 * time.Hour)
		j.tell("new", 1)
		j.tell("newer", 1)
		if got := j.history("expired", "new", "newer"); !slices.Equal(got, []string{"new", "newer"}) {
			t.Errorf("kept: %v", got)
		}
	})
}

// By default at least 4,096 rooms without members are kept, and not many more. Rooms in which
// nothing was said leave nothing.
func TestMemoryIsBounded(t *testing.T) {
	const rooms = 3 * maxUnused
	j := NewMemory(Retention{Messages: 1})
	for i := range rooms {
		j.Open(fmt.Sprint("silent-", i))
		j.Release(fmt.Sprint("silent-", i))
		j.tell(fmt.Sprint("room-", i), 1)
		if n := len(j.rooms); n > maxUnused*9/8 || n < min(i+1, maxUnused) || n != len(j.unused) {
			t.Fatalf("%d of %d rooms are kept, %d without members", n, i+1, len(j.unused))
		}
	}
}

// While a commit waits, for whatever lock of the hub's, the Memory can be used from under
// that lock: also the room's own history.
func TestMemoryWaitsForNoCommit(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 1)
	j.Open("r")
	j.Append(&wire.Message{Room: "r"}, "", func(Result) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			j.Release("r")
			j.tell("other", 2)
			j.tell("another", 2)
			if got := j.history("r", "other", "another"); !slices.Equal(got, []string{"r", "other"}) { // r is in use
				t.Errorf("kept: %v", got)
			}
			j.Read("r", Range{})
			j.Open("r")
			j.Search("r", NewQuery("x"), 1<<53, 1)
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("the journal waits for a commit")
		}
	})
}

// A room that is released while its first message has no place yet gives that id once.
func TestMemoryKeepsRoomsInUse(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 1)
	j.Open("r")
	r := j.use("r") // a call of Append begins
	j.Release("r")
	j.Open("r")
	first := &wire.Message{Room: "r"}
	j.put(r, first, "")
	j.done(r)
	if second := j.say("r", ""); second <= first.ID {
		t.Errorf("the ids %d and %d", first.ID, second)
	}
}

// BenchmarkStrangers is what a room costs with one message, which is forgotten later, and
// how long a Release takes that forgets others.
func BenchmarkStrangers(b *testing.B) {
	j := NewMemory(Retention{Messages: 1000})
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		room := fmt.Sprint("room-", i)
		j.Open(room)
		j.Append(&wire.Message{Room: room}, "", func(Result) {})
		before, began := len(j.unused), time.Now()
		if j.Release(room); len(j.unused) < before {
			took = append(took, time.Since(began))
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		b.ReportMetric(float64(took[n/2].Microseconds()), "µs/forget")
	}
}
