package history

import (
	"os"
	"path/filepath"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDiskGone makes the history's file unavailable while clients send messages, and then
// restores it in some cases. Messages are refused with a reason until the history is written
// again. No acknowledged message is lost.
func TestDiskGone(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	t.Run("deleted", func(t *testing.T) {
		testDiskGone(t, func(t *testing.T, dir string) (restore func()) {
			if err := os.Remove(filepath.Join(dir, historyFile)); err != nil {
				t.Fatal(err)
			}
			return func() {} // the program creates it again
		})
	})
	t.Run("renamed", func(t *testing.T) {
		testDiskGone(t, func(t *testing.T, dir string) (restore func()) {
			file := filepath.Join(dir, historyFile)
			rename(t, file, file+".away")
			// If the program has created it again, that file stays.
			return func() { os.Link(file+".away", file) }
		})
	})
	t.Run("with its directory", func(t *testing.T) {
		testDiskGone(t, func(t *testing.T, dir string) (restore func()) {
			rename(t, dir, dir+".away")
			return func() { rename(t, dir+".away", dir) }
		})
	})
	t.Run("locked", func(t *testing.T) {
		testDiskGone(t, func(t *testing.T, dir string) (restore func()) {
			db := openHistory(t, dir)
			if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			return func() { db.Close() }
		})
	})
}

func testDiskGone(t *testing.T, remove func(t *testing.T, dir string) (restore func())) {
	dir := filepath.Join(t.TempDir(), "history")
	p, pair := startWithMessages(t, dir, 5)
	restore := remove(t, dir)
	if pair.sayNext(t) {
		t.Error("a message is acknowledged while the file is unavailable")
	}
	restore()
	pair.awaitRecovery(t)
	pair.checkLog(t, p, dir)
	checkDiskLog(t, p, 1)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
