package sqlite

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

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
