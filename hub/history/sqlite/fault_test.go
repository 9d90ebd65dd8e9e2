package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// While the folder is moved away messages are refused and can be read. Then the room continues.
// Failure says so meanwhile.
func TestFileMoved(t *testing.T) {
	dir := t.TempDir()
	j := start(t, dir, retain(100))
	first := say(t, j, "r", "one")
	if f := j.Failure(); f != nil {
		t.Errorf("before: %+v", f)
	}
	away := filepath.Join(t.TempDir(), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	if _, result := try(j, "r", "k", "two"); result.Err == nil {
		t.Fatal("a message is stored in a missing file")
	}
	if f := j.Failure(); f == nil || f.Err == nil || time.Since(f.Since) > time.Minute || !strings.Contains(f.Hint, "mount the disk") {
		t.Errorf("meanwhile: %+v", f)
	}
	if got := texts(t, j, "r"); len(got) != 1 {
		t.Errorf("history is %q", got)
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	if m := awaitStored(t, j, "r", "k"); m.ID != first.ID+1 {
		t.Errorf("id %d after %d", m.ID, first.ID)
	}
	if f := j.Failure(); f != nil {
		t.Errorf("after: %+v", f)
	}
}

// Stored is called for each transaction, with all of its messages.
func TestStored(t *testing.T) {
	o := retain(100)
	stored := make(chan int, 100)
	o.Stored = func(n int, took time.Duration) {
		if took <= 0 || took > time.Minute {
			t.Errorf("it took %v", took)
		}
		stored <- n
	}
	j := start(t, t.TempDir(), o)
	say(t, j, "r", "one")
	if n := <-stored; n != 1 {
		t.Errorf("%d messages", n)
	}
	sayAll(t, j, []string{"a", "b", "c"}, "two")
	for n := 0; n < 3; {
		n += <-stored
	}
}

// Each kind of failure is logged once, with its own hint. If it is not over at the end, that is
// logged too.
func TestFailuresAreLogged(t *testing.T) {
	dir := t.TempDir()
	o := retain(100)
	var log strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	j := start(t, dir, o)
	say(t, j, "r", "one")
	file, away := filepath.Join(dir, fileName), filepath.Join(t.TempDir(), "away")
	if err := os.Rename(dir, away); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, result := try(j, "r", "", "refused"); result.Err == nil {
			t.Fatal("a message is stored in a missing file")
		}
	}
	if err := os.Rename(away, dir); err != nil {
		t.Fatal(err)
	}
	awaitStored(t, j, "r", "")
	// In one step, so that the file is never missing.
	err := errors.Join(os.Link(file, file+".away"), os.WriteFile(file+".new", nil, 0o600), os.Rename(file+".new", file))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		try(j, "r", "", "refused")
	}
	j.Close(context.Background()) // nothing is logged after Close
	for what, want := range map[string]int{"mount the disk": 1, "put the old one back": 2, "history closed unwritten": 1} {
		if n := strings.Count(log.String(), what); n != want {
			t.Errorf("%q is logged %d times, want %d, in\n%s", what, n, want, log.String())
		}
	}
}

// A deleted file is restored with all messages.
func TestFileDeleted(t *testing.T) {
	for _, name := range []string{fileName, fileName + "-wal"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := retain(100)
			o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
			j := start(t, dir, o)
			for i := range 10 {
				say(t, j, "r", fmt.Sprint(i))
			}
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			awaitStored(t, j, "r", "")
			if err := j.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			again := start(t, dir, retain(100))
			if got := texts(t, again, "r"); len(got) != 11 {
				t.Errorf("history is %q", got)
			}
		})
	}
}

// With Live, messages that can't be stored get ids and are missing later. However many they are,
// the stored messages are retained.
func TestLive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := retain(2)
	o.OnError = Live
	j := start(t, dir, o)
	first := say(t, j, "r", "one")
	away := filepath.Join(t.TempDir(), "away")
	os.Rename(dir, away)
	for i := range int64(3) {
		m, result := try(j, "r", fmt.Sprint("k", i), "unstored")
		if !result.Unstored || !m.Unstored || m.ID != first.ID+1+i {
			t.Fatalf("%+v, id %d", result, m.ID)
		}
	}
	if m, result := try(j, "r", "k1", "unstored"); !result.Repeated || !result.Unstored || m.ID != first.ID+2 {
		t.Errorf("again: %+v, id %d", result, m.ID)
	}
	os.Rename(away, dir)
	deadline := time.Now().Add(5 * time.Second)
	var m *wire.Message
	for result := (history.Result{Unstored: true}); result.Unstored; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is stored again")
		}
		m, result = try(j, "r", "", "stored")
	}
	check := func(j *Journal) {
		t.Helper()
		page, err := j.Read("r", history.Range{After: first.ID, Before: m.ID + 1, Limit: 100})
		want := wire.Gap{After: first.ID, Before: m.ID, Missed: m.ID - first.ID - 1, Lost: true}
		if err != nil || len(page.Messages) != 1 || len(page.Gaps) != 1 || *page.Gaps[0] != want {
			t.Errorf("found %v, gaps %v, want %v, %v", page.Messages, page.Gaps, want, err)
		}
		if !hasGap(t, j, "r", first.ID) || hasGap(t, j, "r", m.ID) {
			t.Error("the wrong messages are missing")
		}
		if got := fmt.Sprint(texts(t, j, "r")); got != "[one stored]" {
			t.Errorf("history has %s", got)
		}
	}
	check(j)
	j.Close(context.Background())
	check(start(t, dir, o))
}

// While another program has a write transaction open messages are refused, and the log has the hint
// to end that program.
func TestOtherWriter(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o := retain(10)
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	j := start(t, t.TempDir(), o)
	say(t, j, "r", "one")
	db, err := sql.Open(driver, dsn(j.path, "rwc", "busy_timeout(5000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, result := try(j, "r", "k", "again"); result.Err == nil {
		t.Error("a message is stored while another program writes")
	}
	tx.Rollback()
	awaitStored(t, j, "r", "k")
	j.Close(context.Background()) // nothing is logged after Close
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "history can't be written") && strings.Contains(line, "another program writes to the file") {
			return
		}
	}
	t.Errorf("the cause is not logged:\n%s", log.String())
}
