package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

// TestGuessedID: a room that could not be read goes on above the newest id that was guessed,
// even if nothing is said and the room is evicted from memory.
func TestGuessedID(t *testing.T) {
	dir := t.TempDir()
	j := start(t, dir, keep(10))
	j.mu.Lock()
	j.maxUnused = 0
	j.mu.Unlock()
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	guessed := j.Open("r")
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	awaitStored(t, j, "other", "")
	j.Release("r")
	if last := j.Open("r"); last < guessed {
		t.Errorf("opened at %d, and again at %d", guessed, last)
	}
	if m := say(t, j, "r", "one"); m.ID <= guessed {
		t.Errorf("opened at %d, and the first message has the id %d", guessed, m.ID)
	}
}
