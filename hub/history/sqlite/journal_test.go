package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// start opens a journal that is closed at the end of the test.
func start(t *testing.T, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close(context.Background()) })
	return j
}

func TestJournal(t *testing.T) {
	t.Parallel()
	hubtest.TestJournal(t, func(r history.Retention) history.Journal {
		return start(t, t.TempDir(), Options{Retention: r})
	})
}

// TestSearchIndexed searches messages that are in the index. hubtest searches new ones.
func TestSearchIndexed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := start(t, dir, Options{Retention: history.Retention{Messages: 1000}})
	for i := range 300 {
		say(t, j, "r", fmt.Sprintf("number %d of föö-bar", i))
	}
	awaitIndex(t, j, "r", time.Minute)
	for words, want := range map[string]int{"number": 300, "foo-bar": 300, "bar-foo": 0, "numb 299": 1, "NEAR": 0, "number OR": 0} {
		found, more, err := j.Search("r", history.NewQuery(words), 1<<53, 500)
		if err != nil || len(found) != want || more {
			t.Errorf("%s: %d found, more %v, %v", words, len(found), more, err)
		}
	}
	found, more, err := j.Search("r", history.NewQuery("number"), j.Open("r"), 2)
	if err != nil || !more || len(found) != 2 || found[0].Text != "number 298 of föö-bar" || found[1].Text != "number 297 of föö-bar" {
		t.Errorf("found %v, more %v, %v", found, more, err)
	}
}

// say appends a message, which must be stored.
func say(t *testing.T, j *Journal, room, text string) *wire.Message {
	t.Helper()
	m := &wire.Message{Room: room, From: "alice", Via: "tcp", Text: text}
	done := make(chan history.Result, 1)
	j.Append(m, "", func(result history.Result) { done <- result })
	if result := <-done; result.Err != nil {
		t.Fatal(result.Err)
	}
	return m
}

// awaitIndex waits until the file has no more messages of a room than are retained, and the index
// has all messages.
func awaitIndex(t testing.TB, j *Journal, room string, patience time.Duration) {
	t.Helper()
	for late := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var rows int
		var indexed bool
		err := j.readers.QueryRow(`SELECT count(*), (SELECT coalesce(max(key), 0) FROM messages) <= (SELECT value FROM meta WHERE name = 'indexed')
			FROM messages WHERE room = (SELECT key FROM rooms WHERE name = ?)`, room).Scan(&rows, &indexed)
		if err == nil && indexed && rows <= j.options.Retention.Messages {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d messages are in the file, all are indexed: %v, %v", rows, indexed, err)
		}
	}
}
