package history

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// repeats appends a message with a key and reports whether it is a repetition, which must have
// the given id.
func (j *Memory) repeats(t *testing.T, room, key string, id int64) (repeated bool) {
	t.Helper()
	m := &wire.Message{Room: room, Text: "again"}
	j.Append(m, key, func(r Result) { repeated = r.Repeated })
	if repeated && m.ID != id {
		t.Errorf("key %q of %s has the id %d, want %d", key, room, m.ID, id)
	}
	return repeated
}

// append appends a message with a key and returns its id.
func (j *Memory) append(room, key string) int64 {
	m := &wire.Message{Room: room}
	j.Append(m, key, func(Result) {})
	return m.ID
}

// A key is known for KeyLife, and as long as its message is in history.
func TestMemoryKeepsKeys(t *testing.T) {
	for _, keep := range []int{0, 1, 3} {
		synctest.Test(t, func(t *testing.T) {
			j := NewMemory(Retention{Messages: keep})
			j.Open("r", nil)
			first := j.append("r", "first")
			for i := range 10 {
				j.append("r", fmt.Sprint(i))
			}
			last := j.append("r", "last")
			time.Sleep(KeyLife - time.Nanosecond)
			for key, id := range map[string]int64{"first": first, "9": last - 1, "last": last} {
				if !j.repeats(t, "r", key, id) {
					t.Errorf("of %d messages: the key %q is not known", keep, key)
				}
			}
			time.Sleep(time.Nanosecond)
			if keep > 0 && !j.repeats(t, "r", "last", last) {
				t.Errorf("of %d messages: the key of the last is not known", keep)
			}
			for i := range max(keep, 1) { // adding keys drops old ones
				j.append("r", fmt.Sprint("new ", i))
			}
			time.Sleep(KeyLife)
			j.append("r", "newest")
			j.append("r", "and another")
			for key, id := range map[string]int64{"first": first, "last": last} {
				if j.repeats(t, "r", key, id) {
					t.Errorf("of %d messages: the key %q is still known", keep, key)
				}
			}
		})
	}
}

// The key of a message that is older than KeyLife is dropped with the message.
func TestMemoryDropsOldKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10, Age: time.Hour})
		j.Open("r", nil)
		id := j.append("r", "k")
		time.Sleep(time.Hour)
		if !j.repeats(t, "r", "k", id) {
			t.Error("the key of a message in history is not known")
		}
		time.Sleep(time.Nanosecond)
		if j.repeats(t, "r", "k", id) {
			t.Error("the key of a message that is gone is known")
		}
	})
}

// The keys of a forgotten room are kept for KeyLife.
func TestMemoryKeepsKeysOfForgottenRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewSmallMemory(Retention{Messages: 10}, 1)
		id := j.append("small", "k")
		j.fill("large", 2)
		j.fill("larger", 3)
		if kept := j.stored("small", "large", "larger"); !slices.Equal(kept, []string{"larger"}) {
			t.Errorf("kept: %v", kept)
		}
		time.Sleep(KeyLife - time.Nanosecond)
		if !j.repeats(t, "small", "k", id) {
			t.Error("the key is not known")
		}
		time.Sleep(time.Nanosecond)
		if j.repeats(t, "small", "k", id) {
			t.Error("the key is still known")
		}
	})
}

// The number of keys of messages that are no longer in history is bounded for all rooms
// together: the oldest are forgotten. Keys of messages in history are not.
func TestMemoryBoundsKeys(t *testing.T) {
	const rooms, messages, retained, maxKeys = 5, 1000, 10, 100
	j := NewMemory(Retention{Messages: retained})
	j.keys.max = maxKeys
	quiet := j.append("quiet", "k")
	ids := make(map[string]int64)
	for i := range messages {
		for r := range rooms {
			room, key := fmt.Sprint("room-", r), fmt.Sprint(i)
			ids[room+key] = j.append(room, key)
		}
		inHistory := 1
		for r := range rooms {
			if room := j.rooms[fmt.Sprint("room-", r)]; room != nil {
				inHistory += room.messages.Len()
			}
		}
		if n, old := j.keys.ids.n, j.keys.old.Len(); old > maxKeys || n != old+inHistory {
			t.Fatalf("%d keys are kept, %d of them old, for %d messages in history", n, old, inHistory)
		}
	}
	if !j.repeats(t, "quiet", "k", quiet) {
		t.Error("a key is forgotten whose message is in history")
	}
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		if n := j.rooms[room].messages.Len(); n != retained {
			t.Errorf("%s has %d messages", room, n)
		}
		for i := messages - retained - maxKeys/rooms; i < messages; i++ {
			if key := fmt.Sprint(i); !j.repeats(t, room, key, ids[room+key]) {
				t.Fatalf("%s: the key of message %d is not known", room, i)
			}
		}
	}
	oldest := fmt.Sprint(messages - retained - maxKeys/rooms - 1)
	if j.repeats(t, "room-0", oldest, ids["room-0"+oldest]) {
		t.Error("the key of an old message is known")
	}
}

// BenchmarkKeys measures an Append with a key while the number of keys is at its bound.
func BenchmarkKeys(b *testing.B) {
	j := NewMemory(Retention{Messages: 1000})
	for i := 0; b.Loop(); i++ {
		j.append("r", fmt.Sprint("9b3a8c2e-77d1-4e8f-8a55-", i))
	}
}
