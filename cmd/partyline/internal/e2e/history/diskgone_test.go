package history

import (
	"os"
	"path/filepath"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDiskGone takes the history away while there is talk, and perhaps puts it back.
// Meanwhile talk is refused in words; afterwards nothing is missing that was acknowledged.
func TestDiskGone(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	t.Run("deleted", func(t *testing.T) {
		testGone(t, func(t *testing.T, dir string) (back func()) {
			if err := os.Remove(filepath.Join(dir, historyFile)); err != nil {
				t.Fatal(err)
			}
			return func() {} // it is written again
		})
	})
	t.Run("renamed", func(t *testing.T) {
		testGone(t, func(t *testing.T, dir string) (back func()) {
			file := filepath.Join(dir, historyFile)
			rename(t, file, file+".away")
			// It may exist again by then, and stays.
			return func() { os.Link(file+".away", file) }
		})
	})
	t.Run("with its folder", func(t *testing.T) {
		testGone(t, func(t *testing.T, dir string) (back func()) {
			rename(t, dir, dir+".away")
			return func() { rename(t, dir+".away", dir) }
		})
	})
	t.Run("locked", func(t *testing.T) {
		testGone(t, func(t *testing.T, dir string) (back func()) {
			db := openHistory(t, dir)
			if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			return func() { db.Close() }
		})
	})
}

func testGone(t *testing.T, away func(t *testing.T, dir string) (back func())) {
	dir := filepath.Join(t.TempDir(), "history")
	p, d := talkOn(t, dir, 5)
	back := away(t, dir)
	if d.say(t) {
		t.Error("a message is acknowledged, and the file is gone")
	}
	back()
	d.recover(t)
	d.checkLog(t, p, dir)
	checkTrouble(t, p, 1)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
