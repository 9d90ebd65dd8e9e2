package sqlite

import (
	"context"
	"database/sql"
	"errors"
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

// After an unclean end a room skips ids. Skipped ids do not count as messages: the room retains the
// same number of messages.
func TestUncleanEnd(t *testing.T) {
	for _, o := range []Options{{OnError: Live}, {Sync: SyncNormal}, {OnError: Live, Sync: SyncNormal}} {
		t.Run(fmt.Sprint(o.OnError, " ", o.Sync), func(t *testing.T) {
			o.Retention.Messages = 4
			dir := t.TempDir()
			j := start(t, dir, o)
			var last *wire.Message
			for _, text := range []string{"one", "two", "three"} {
				last = say(t, j, "r", text)
			}
			again := copyFiles(t, dir)
			// The machine may have restarted.
			db, err := sql.Open(driver, dsn(filepath.Join(again, fileName), "rwc"))
			if err == nil {
				_, err = db.Exec(`UPDATE meta SET value = substr(value, 1, instr(value, ' ')) || ? || ' other' WHERE name = 'used'`, string(o.Sync))
				err = errors.Join(err, db.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
			j = start(t, again, o)
			if got := fmt.Sprint(texts(t, j, "r")); got != "[one two three]" {
				t.Errorf("history is %s", got)
			}
			if m := say(t, j, "r", "four"); m.ID < last.ID+1000 {
				t.Errorf("id %d after %d, which may have been given", m.ID, last.ID)
			}
			say(t, j, "r", "five")
			awaitIndex(t, j, "r", time.Minute)
			if got := fmt.Sprint(texts(t, j, "r")); got != "[two three four five]" {
				t.Errorf("history is %s", got)
			}
			closeIdle(t, j)
		})
	}
}

// closeIdle closes a journal and checks that its writer has nothing left to do.
func closeIdle(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if w := &j.writer; len(w.overfull) > 0 || w.unindexed {
		t.Errorf("%d rooms have an excess, messages are not indexed: %v", len(w.overfull), w.unindexed)
	}
}

// While the search index is damaged messages are stored and found, and the index is rebuilt.
func TestDamagedIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, block := range []string{"zeroblob(20)", "x'ffffffffffffffffffff'"} {
		t.Run(block, func(t *testing.T) { testDamagedIndex(t, block) })
	}
}

func testDamagedIndex(t *testing.T, block string) {
	dir := t.TempDir()
	j := start(t, dir, retain(50))
	for i := range 60 {
		say(t, j, "r", fmt.Sprint("word ", i))
	}
	awaitIndex(t, j, "r", time.Minute)
	db, err := sql.Open(driver, dsn(filepath.Join(dir, fileName), "rwc", "busy_timeout(5000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE words_data SET block = ` + block); err != nil {
		t.Fatal(err)
	}
	// An index of zeros is like an empty one until it is changed.
	if found, _, err := j.Search("r", history.NewQuery("word"), 1<<53, 100); len(found) != 50 && block != "zeroblob(20)" || err != nil {
		t.Errorf("%d found in the damaged index, %v", len(found), err)
	}
	for i := range 100 {
		say(t, j, "r", fmt.Sprint("later ", i))
	}
	if found, _, err := j.Search("r", history.NewQuery("later"), 1<<53, 100); len(found) != 50 || err != nil {
		t.Errorf("%d found, %v", len(found), err)
	}
	awaitIndex(t, j, "r", time.Minute)
	if found, _, err := j.Search("r", history.NewQuery("later 99"), 1<<53, 100); len(found) != 1 || err != nil {
		t.Errorf("%d found in the new index, %v", len(found), err)
	}
	if _, err := db.Exec(`INSERT INTO words (words) VALUES ('integrity-check')`); err != nil {
		t.Errorf("the index is damaged: %v", err)
	}
}

// Only their owner can read the files, even if they were readable for others before.
func TestMode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	createOld(t, path, 2)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	j := start(t, dir, retain(10))
	say(t, j, "r", "x")
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if len(list) < 3 || !strings.HasPrefix(list[0].Name(), "partyline") {
		t.Errorf("the files are %v", list)
	}
}

// BenchmarkSearchForeign searches a room of 50 messages, with no and with 120,000 matches in another
// room.
func BenchmarkSearchForeign(b *testing.B) {
	for _, n := range []int{0, 120_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			j, err := Open(b.TempDir(), retain(200_000))
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close(context.Background())
			rooms := make([]string, 10_000)
			for i := range rooms {
				rooms[i] = "other"
			}
			for range n / len(rooms) {
				sayAll(b, j, rooms, "the pizza")
			}
			for range 50 {
				sayAll(b, j, []string{"r"}, "the pizza")
			}
			awaitIndex(b, j, "r", time.Hour)
			for b.Loop() {
				if found, _, err := j.Search("r", history.NewQuery("the"), 1<<53, 50); len(found) != 50 || err != nil {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
