package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"partyline/hub/history"
)

// However many rooms are created, messages are stored and no room loses any.
func TestManyRooms(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	j := start(t, t.TempDir(), retain(100))
	first := say(t, j, "first", "hello")
	sayAll(t, j, roomNames(20_000), "x")
	j.mu.Lock()
	n := len(j.rooms)
	j.mu.Unlock()
	if n > maxUnused+maxBatch {
		t.Errorf("%d rooms are in memory", n)
	}
	if m := say(t, j, "first", "again"); m.ID != first.ID+1 {
		t.Errorf("id %d after %d", m.ID, first.ID)
	}
	for _, room := range []string{"room-0", "room-10000", "room-19999"} {
		if got := fmt.Sprint(texts(t, j, room)); got != "[x]" {
			t.Errorf("%s has %s", room, got)
		}
	}
	if got := fmt.Sprint(texts(t, j, "first")); got != "[hello again]" {
		t.Errorf("the first room has %s", got)
	}
}

// Rooms that are evicted and loaded within one batch lose no message and give no id twice.
func TestFewInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	j := start(t, t.TempDir(), retain(100))
	j.mu.Lock()
	j.maxUnused = 2
	j.mu.Unlock()
	rooms := roomNames(50)
	newest := make(map[string]int64)
	for i := range 20 {
		for _, m := range sayAll(t, j, append(rooms, rooms...), fmt.Sprint(i)) {
			if last := newest[m.Room]; last > 0 && m.ID != last+1 {
				t.Fatalf("%s: id %d after %d", m.Room, m.ID, last)
			}
			newest[m.Room] = m.ID
		}
	}
	for _, room := range rooms {
		page, err := j.Read(room, history.Range{After: newest[room] - 40, Limit: 100})
		if len(page.Messages) != 40 || page.Gaps != nil || err != nil {
			t.Errorf("%s: %d messages, gaps %v, %v", room, len(page.Messages), page.Gaps, err)
		}
	}
}

// A room that could not be read continues above the estimate of its newest id, even if it is evicted
// from memory without a message.
func TestEstimatedID(t *testing.T) {
	dir := t.TempDir()
	j := start(t, dir, retain(10))
	j.mu.Lock()
	j.maxUnused = 0
	j.mu.Unlock()
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	estimate := j.Open("r", nil)
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	awaitStored(t, j, "other", "")
	j.Release("r")
	if last := j.Open("r", nil); last < estimate {
		t.Errorf("opened at %d, and again at %d", estimate, last)
	}
	if m := say(t, j, "r", "one"); m.ID <= estimate {
		t.Errorf("opened at %d, and the first message has the id %d", estimate, m.ID)
	}
}

// A room stays in memory until the end of its last use, however many other rooms are used meanwhile.
func TestRoomInUseStays(t *testing.T) {
	j := startSmall(t, t.TempDir(), retain(100))
	j.mu.Lock()
	defer j.mu.Unlock()
	useOthers := func() {
		for _, room := range roomNames(10) {
			j.doneLocked(j.useLocked(room))
		}
	}
	r := j.useLocked("r")
	j.useLocked("r")
	for range 2 {
		useOthers()
		if j.rooms["r"] != r {
			t.Fatal("a room in use is evicted")
		}
		j.doneLocked(r)
	}
	useOthers()
	if j.rooms["r"] != nil || len(j.rooms) != j.maxUnused {
		t.Errorf("%d rooms are in memory; r is one of them: %v", len(j.rooms), j.rooms["r"] != nil)
	}
}
