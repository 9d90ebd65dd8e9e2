package history

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/wire"
)

// knows reports whether a key of a room is known, and fails unless it then has an id.
func (j *Memory) knows(t *testing.T, room, key string, id int64) (known bool) {
	t.Helper()
	m := &wire.Message{Room: room, Text: "again"}
	j.Append(m, key, func(f Result) { known = f.Repeated })
	if known && m.ID != id {
		t.Errorf("key %q of %s has the id %d, want %d", key, room, m.ID, id)
	}
	return known
}

// say says a message with a key and returns its id.
func (j *Memory) say(room, key string) int64 {
	m := &wire.Message{Room: room}
	j.Append(m, key, func(Result) {})
	return m.ID
}

// A key is known for ten minutes, and for as long as its message is in history.
func TestMemoryKeepsKeys(t *testing.T) {
	for _, keep := range []int{0, 1, 3} {
		synctest.Test(t, func(t *testing.T) {
			j := NewMemory(Retention{Messages: keep})
			j.Open("r")
			first := j.say("r", "first")
			for i := range 10 {
				j.say("r", fmt.Sprint(i))
			}
			last := j.say("r", "last")
			time.Sleep(KeyLife - time.Nanosecond)
			for key, id := range map[string]int64{"first": first, "9": last - 1, "last": last} {
				if !j.knows(t, "r", key, id) {
					t.Errorf("of %d messages: the key %q is not known", keep, key)
				}
			}
			time.Sleep(time.Nanosecond)
			if keep > 0 && !j.knows(t, "r", "last", last) {
				t.Errorf("of %d messages: the key of the last is not known", keep)
			}
			for i := range max(keep, 1) { // keys that are old go when others come
				j.say("r", fmt.Sprint("new ", i))
			}
			time.Sleep(KeyLife)
			j.say("r", "newest")
			j.say("r", "and another")
			for key, id := range map[string]int64{"first": first, "last": last} {
				if j.knows(t, "r", key, id) {
					t.Errorf("of %d messages: the key %q is known still", keep, key)
				}
			}
		})
	}
}

// A key whose message is dropped when it is old is dropped with it.
func TestMemoryDropsOldKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemory(Retention{Messages: 10, Age: time.Hour})
		j.Open("r")
		id := j.say("r", "k")
		time.Sleep(time.Hour)
		if !j.knows(t, "r", "k", id) {
			t.Error("the key of a message in history is not known")
		}
		time.Sleep(time.Nanosecond)
		if j.knows(t, "r", "k", id) {
			t.Error("the key of a message that is gone is known")
		}
	})
}

// The keys of a room that is forgotten are kept as long as those of any message.
func TestMemoryKeepsKeysOfForgottenRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewSmallMemory(Retention{Messages: 10}, 1)
		id := j.say("small", "k")
		j.tell("large", 2)
		j.tell("larger", 3)
		if kept := j.history("small", "large", "larger"); !slices.Equal(kept, []string{"larger"}) {
			t.Errorf("kept: %v", kept)
		}
		time.Sleep(KeyLife - time.Nanosecond)
		if !j.knows(t, "small", "k", id) {
			t.Error("the key is not known")
		}
		time.Sleep(time.Nanosecond)
		if j.knows(t, "small", "k", id) {
			t.Error("the key is known still")
		}
	})
}

// However fast messages with keys come, and in however many rooms, their keys are bounded:
// the oldest are forgotten, and none whose message is in history.
func TestMemoryBoundsKeys(t *testing.T) {
	const rooms, each, keep, most = 5, 1000, 10, 100
	j := NewMemory(Retention{Messages: keep})
	j.keys.max = most
	quiet := j.say("quiet", "k")
	ids := make(map[string]int64)
	for i := range each {
		for r := range rooms {
			room, key := fmt.Sprint("room-", r), fmt.Sprint(i)
			ids[room+key] = j.say(room, key)
		}
		if n := len(j.keys.ids); n > most || n != j.keys.queue.Len() {
			t.Fatalf("%d keys are kept, %d in the queue", n, j.keys.queue.Len())
		}
	}
	if !j.knows(t, "quiet", "k", quiet) {
		t.Error("a key is forgotten whose message is in history")
	}
	for r := range rooms {
		room := fmt.Sprint("room-", r)
		if n := len(j.rooms[room].keys); n != keep {
			t.Errorf("%s has %d keys", room, n)
		}
		for i := each - keep - most/rooms; i < each; i++ { // the newest of those that are gone, and all others
			if key := fmt.Sprint(i); !j.knows(t, room, key, ids[room+key]) {
				t.Fatalf("%s: the key of message %d is not known", room, i)
			}
		}
	}
	oldest := fmt.Sprint(each - keep - most/rooms - 1)
	if j.knows(t, "room-0", oldest, ids["room-0"+oldest]) {
		t.Error("the key of an old message is known")
	}
}

// BenchmarkKeys is what a message costs with a key while as many keys are kept as may be.
func BenchmarkKeys(b *testing.B) {
	j := NewMemory(Retention{Messages: 1000})
	for i := 0; b.Loop(); i++ {
		j.say("r", fmt.Sprint("9b3a8c2e-77d1-4e8f-8a55-", i))
	}
}
