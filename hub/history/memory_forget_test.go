package history

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// fill opens a room, appends n messages and releases the room.
func (j *Memory) fill(room string, n int) {
	j.Open(room, nil)
	for range n {
		j.Append(&wire.Message{Room: room, Text: "x"}, "", func(Result) {})
	}
	j.Release(room)
}

// stored returns those of the rooms that have messages.
func (j *Memory) stored(rooms ...string) (list []string) {
	for _, room := range rooms {
		if page, _ := j.Read(room, Range{Limit: 1, Newest: true}); len(page.Messages) > 0 {
			list = append(list, room)
		}
	}
	return list
}

// A Memory with too many unused rooms forgets the smallest first, and of rooms of the same size
// the youngest. It forgets no more than necessary.
func TestMemoryForgetsInOrder(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 3)
	all := []string{"old", "large", "open", "young", "small", "silent"}
	j.fill("old", 2)
	j.fill("large", 9)
	j.fill("open", 1)
	j.Open("open", nil)
	if want := []string{"old", "large", "open"}; !slices.Equal(j.stored(all...), want) {
		t.Errorf("kept: %v, want %v", j.stored(all...), want)
	}
	j.fill("silent", 0) // it has no history
	j.fill("young", 2)
	if want := []string{"old", "large", "open", "young"}; !slices.Equal(j.stored(all...), want) {
		t.Errorf("kept: %v, want %v", j.stored(all...), want)
	}
	j.fill("small", 1)
	if want := []string{"old", "large", "open", "young"}; !slices.Equal(j.stored(all...), want) {
		t.Errorf("kept: %v, want %v", j.stored(all...), want)
	}
	j.fill("larger", 3)
	if want := []string{"old", "large", "open"}; !slices.Equal(j.stored(all...), want) {
		t.Errorf("kept: %v, want %v", j.stored(all...), want)
	}
	j.Release("open")
	if want := []string{"old", "large"}; !slices.Equal(j.stored(all...), want) {
		t.Errorf("kept: %v, want %v", j.stored(all...), want)
	}
}

// Messages that are too old do not count for the size of a room.
func TestMemoryForgetsExpiredRoomsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewSmallMemory(Retention{Messages: 5, Age: time.Hour}, 2)
		j.fill("expired", 3)
		time.Sleep(2 * time.Hour)
		j.fill("new", 1)
		j.fill("newer", 1)
		if got := j.stored("expired", "new", "newer"); !slices.Equal(got, []string{"new", "newer"}) {
			t.Errorf("kept: %v", got)
		}
	})
}

// By default at least 4,096 rooms without members are kept, and at most an eighth more. A room
// that never had a message is not kept.
func TestMemoryIsBounded(t *testing.T) {
	const rooms = 3 * maxUnused
	j := NewMemory(Retention{Messages: 1})
	for i := range rooms {
		j.Open(fmt.Sprint("silent-", i), nil)
		j.Release(fmt.Sprint("silent-", i))
		j.fill(fmt.Sprint("room-", i), 1)
		if n := len(j.rooms); n > maxUnused*9/8 || n < min(i+1, maxUnused) || n != len(j.unused) {
			t.Fatalf("%d of %d rooms are kept, %d without members", n, i+1, len(j.unused))
		}
	}
}

// While commit waits for a lock, the goroutine that holds the lock can use the Memory and the
// same room.
func TestMemoryDoesNotWaitForCommit(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 1)
	j.Open("r", nil)
	j.Append(&wire.Message{Room: "r"}, "", func(Result) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			j.Release("r")
			j.fill("other", 2)
			j.fill("another", 2)
			if got := j.stored("r", "other", "another"); !slices.Equal(got, []string{"r", "other"}) { // r is in use
				t.Errorf("kept: %v", got)
			}
			j.Read("r", Range{})
			j.Open("r", nil)
			j.Search("r", NewQuery("x"), 1<<53, 1)
		}()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Error("the journal waits for a commit")
		}
	})
}

// A room that is released while its first message is being appended gives each id once.
func TestMemoryKeepsRoomsInUse(t *testing.T) {
	j := NewSmallMemory(Retention{Messages: 5}, 1)
	j.Open("r", nil)
	r := j.use("r") // a call of Append starts
	j.Release("r")
	j.Open("r", nil)
	first := &wire.Message{Room: "r"}
	j.store(r, first, "")
	j.done(r)
	if second := j.append("r", ""); second <= first.ID {
		t.Errorf("the ids %d and %d", first.ID, second)
	}
}

// BenchmarkForget measures a room with one message that is forgotten later, and the calls of
// Release that forget rooms.
func BenchmarkForget(b *testing.B) {
	j := NewMemory(Retention{Messages: 1000})
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		room := fmt.Sprint("room-", i)
		j.Open(room, nil)
		j.Append(&wire.Message{Room: room}, "", func(Result) {})
		before, start := len(j.unused), time.Now()
		if j.Release(room); len(j.unused) < before {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		b.ReportMetric(float64(took[n/2].Microseconds()), "µs/forget")
	}
}
