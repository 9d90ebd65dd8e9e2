package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"partyline/hub/history"
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

// retain returns Options that retain n messages of each room.
func retain(n int) Options { return Options{Retention: history.Retention{Messages: n}} }

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

// try appends a message and returns its result.
func try(j *Journal, room, key, text string) (*wire.Message, history.Result) {
	m := &wire.Message{Room: room, From: "alice", Via: "tcp", Text: text}
	done := make(chan history.Result, 1)
	j.Append(m, key, func(result history.Result) { done <- result })
	return m, <-done
}

// sayAll appends a message to each of the rooms at once and returns the messages.
func sayAll(t testing.TB, j *Journal, rooms []string, text string) []*wire.Message {
	t.Helper()
	messages := make([]*wire.Message, len(rooms))
	var all sync.WaitGroup
	for i, room := range rooms {
		m := &wire.Message{Room: room, From: "alice", Via: "tcp", Text: text}
		messages[i] = m
		all.Add(1)
		j.Append(m, "", func(result history.Result) {
			defer all.Done()
			if result.Err != nil {
				t.Errorf("%s: %v", room, result.Err)
			}
		})
	}
	all.Wait()
	return messages
}

func roomNames(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("room-", i)
	}
	return list
}

// texts returns the texts of the messages of a room.
func texts(t *testing.T, j *Journal, room string) (list []string) {
	t.Helper()
	j.Open(room, nil)
	page, err := j.Read(room, history.Range{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Messages {
		list = append(list, m.Text)
	}
	return list
}

// hasGap reports whether messages after an id are missing.
func hasGap(t *testing.T, j *Journal, room string, after int64) bool {
	t.Helper()
	page, err := j.Read(room, history.Range{After: after})
	if err != nil {
		t.Error(err)
	}
	return len(page.Gaps) > 0
}

// awaitStored tries until a message is stored again.
func awaitStored(t *testing.T, j *Journal, room, key string) *wire.Message {
	t.Helper()
	for late := time.Now().Add(5 * time.Second); time.Now().Before(late); time.Sleep(20 * time.Millisecond) {
		if m, result := try(j, room, key, "again"); result.Err == nil && !result.Unstored {
			return m
		}
	}
	t.Fatal("nothing is stored again within 5 s")
	return nil
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

// copyFiles copies the files of an open journal to a new folder, as after a crash.
func copyFiles(t testing.TB, dir string) string {
	t.Helper()
	copied := t.TempDir()
	for _, name := range []string{fileName, fileName + "-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(copied, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return copied
}
