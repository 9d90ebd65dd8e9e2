package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// Messages that are no longer retained are deleted from the file and from the index.
func TestPruned(t *testing.T) {
	t.Parallel()
	j := start(t, t.TempDir(), retain(10))
	for i := range 100 {
		say(t, j, "r", fmt.Sprint("word ", i))
	}
	count := func(table string) (n int) {
		if err := j.readers.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for late := time.Now().Add(10 * time.Second); count("messages") != 10 || count("words_docsize") != 10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d messages, words of %d", count("messages"), count("words_docsize"))
		}
	}
}

// Batches with more messages than are retained delete as many. After that the file has exactly the
// retained messages, their words, and all keys.
func TestFlood(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const said, kept = 12_000, 10
	j := start(t, t.TempDir(), retain(kept))
	say(t, j, "beside", "a message of another room")
	appendAll := func(repeated bool) {
		var all sync.WaitGroup
		for i := range said {
			all.Add(1)
			j.Append(&wire.Message{Room: "r", From: "alice", Text: fmt.Sprint("word ", i)}, fmt.Sprint(i), func(result history.Result) {
				defer all.Done()
				if result.Err != nil || result.Repeated != repeated {
					t.Errorf("message %d: %+v", i, result)
				}
			})
		}
		all.Wait()
	}
	appendAll(false)
	appendAll(true) // the keys of deleted messages are known
	awaitIndex(t, j, "r", time.Minute)
	for query, want := range map[string]int{
		`SELECT count(*) FROM messages`:          kept + 1,
		`SELECT count(*) FROM words_docsize`:     kept + 1,
		`SELECT count(*) FROM keys WHERE gone`:   said - kept,
		`SELECT count(*) FROM keys WHERE id > 0`: said,
	} {
		n := -1
		if err := j.readers.QueryRow(query).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d, want %d, %v", query, n, want, err)
		}
	}
	var want []string
	for i := said - kept; i < said; i++ {
		want = append(want, fmt.Sprint("word ", i))
	}
	if got := texts(t, j, "r"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

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
