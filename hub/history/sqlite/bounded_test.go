package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// TestBounded stores many more messages than are retained. Neither the file nor its log may grow.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const said, size, most = 20_000, 1000, 12 << 20 // 20 MB in all
	dir := t.TempDir()
	j := start(t, dir, retain(200))
	text := strings.Repeat("x", size)
	var all sync.WaitGroup
	for i := range said {
		all.Add(1)
		j.Append(&wire.Message{Room: "r", From: "alice", Text: text}, "", func(history.Result) { all.Done() })
		if i%100 == 99 {
			all.Wait()
		}
	}
	total := func() (n int64) {
		for _, name := range []string{fileName, fileName + "-wal"} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			n += info.Size()
		}
		return n
	}
	awaitIndex(t, j, "r", 2*time.Minute) // the index is complete after the deletion of the excess
	for late := time.Now().Add(time.Minute); total() > most; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) { // the log is truncated soon after the last change
			t.Fatalf("%d bytes for %d", total(), 200*size)
		}
	}
}
