package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// After a restart the messages and keys are there, and ids continue.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	j := start(t, dir, retain(5))
	var last *wire.Message
	for i := range 8 {
		last, _ = try(j, "r", fmt.Sprint("key", i), fmt.Sprint(i))
	}
	other := say(t, j, "other", "x")
	j.Close(context.Background())

	j = start(t, dir, retain(5))
	if got := fmt.Sprint(texts(t, j, "r")); got != "[3 4 5 6 7]" {
		t.Errorf("history is %s", got)
	}
	for i, want := range map[int]int64{7: last.ID, 3: last.ID - 4, 0: last.ID - 7} {
		if m, result := try(j, "r", fmt.Sprint("key", i), "again"); !result.Repeated || m.ID != want {
			t.Errorf("key %d again: %+v, id %d, want %d", i, result, m.ID, want)
		}
	}
	if m := say(t, j, "r", "8"); m.ID != last.ID+1 {
		t.Errorf("id %d after %d", m.ID, last.ID)
	}
	j.Open("r", nil)
	page, _ := j.Read("r", history.Range{After: other.ID - 1_000_000, Limit: 10})
	if len(page.Gaps) != 1 || page.Gaps[0].Missed != -1 {
		t.Errorf("an id of another server: %v", page.Gaps)
	}
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

// After a crash with Live it is not known which ids were given: the room skips them.
func TestCrashedLive(t *testing.T) {
	dir := t.TempDir()
	o := retain(100)
	o.OnError = Live
	j := start(t, dir, o)
	first := say(t, j, "r", "one")
	copied := t.TempDir() // as after a crash
	for _, name := range []string{fileName, fileName + "-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := start(t, copied, o)
	second := say(t, again, "r", "two")
	if second.ID < first.ID+1000 {
		t.Errorf("id %d after %d", second.ID, first.ID)
	}
	page, err := again.Read("r", history.Range{After: first.ID + 5, Limit: 100})
	if err != nil || len(page.Messages) != 1 || len(page.Gaps) != 1 || page.Gaps[0].Missed != -1 {
		t.Errorf("found %v, gaps %v, %v", page.Messages, page.Gaps, err)
	}
}
