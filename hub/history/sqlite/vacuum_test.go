package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"partyline/hub/history"
)

// TestVacuum makes a file small. Without retention it has the same messages, with it the newest ones.
func TestVacuum(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := t.TempDir()
	j := start(t, dir, retain(1000))
	for range 3 {
		sayAll(t, j, repeat("lobby", 500), strings.Repeat("text ", 100))
	}
	awaitIndex(t, j, "lobby", 10*time.Second)
	j.Close(context.Background())
	want := recordsOf(t, dir, ExportOptions{})
	all := retain(1 << 30)
	before, after, err := Vacuum(context.Background(), dir, all)
	if err != nil || after == 0 || after >= before {
		t.Errorf("%d bytes before, %d after, %v", before, after, err)
	}
	if got := recordsOf(t, dir, ExportOptions{}); !reflect.DeepEqual(withoutEnd(got), withoutEnd(want)) {
		t.Errorf("the history is %s, not %s", lines(got), lines(want))
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Vacuum(canceled, dir, retain(1)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	verifyAll(t, dir)
	if _, again, err := Vacuum(context.Background(), dir, retain(10)); err != nil || again >= after/5 {
		t.Errorf("%d bytes after, %v", again, err)
	}
	verifyAll(t, dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
	if info, err := os.Stat(filepath.Join(dir, fileName)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	j = start(t, dir, retain(1000))
	if n := len(texts(t, j, "lobby")); n != 10 {
		t.Errorf("%d messages are left", n)
	}
	if m := say(t, j, "lobby", "new"); m.ID != want[len(want)-3].ID+1 {
		t.Errorf("a new message has id %d after %d", m.ID, want[len(want)-3].ID)
	}
	if _, _, err := Vacuum(context.Background(), t.TempDir(), all); err == nil || !strings.Contains(err.Error(), "no history") {
		t.Error(err)
	}
}

// repeat returns n times a name.
func repeat(name string, n int) (list []string) {
	for range n {
		list = append(list, name)
	}
	return list
}

func withoutEnd(records []*history.Record) []*history.Record { return records[:len(records)-1] }

// TestStats asks for the state of the file.
func TestStats(t *testing.T) {
	t.Parallel()
	j := start(t, t.TempDir(), retain(1000))
	if s, err := j.Stats(context.Background()); err != nil || s.Oldest != nil || s.Newest != nil || s.Messages != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	j.counter.at = time.Time{}
	var last int64
	for i := range 3 {
		last = say(t, j, fmt.Sprint("room-", i), "text").ID
	}
	s, err := j.Stats(context.Background())
	if err != nil || s.Messages != 3 || s.Rooms != 3 || s.Bytes < 4096 || s.Oldest.Room != "room-0" || s.Oldest.Seq != 1 ||
		s.Newest.Room != "room-2" || s.Newest.ID != last || s.Newest.At.IsZero() {
		t.Errorf("%+v, %v", s, err)
	}
}
