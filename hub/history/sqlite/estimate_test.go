package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

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
	estimate := j.Open("r")
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	awaitStored(t, j, "other", "")
	j.Release("r")
	if last := j.Open("r"); last < estimate {
		t.Errorf("opened at %d, and again at %d", estimate, last)
	}
	if m := say(t, j, "r", "one"); m.ID <= estimate {
		t.Errorf("opened at %d, and the first message has the id %d", estimate, m.ID)
	}
}
