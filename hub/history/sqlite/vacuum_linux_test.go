package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"partyline/hub/hubtest"
)

// TestVacuumFullDisk vacuums on a disk without space for the new file. The history is complete.
func TestVacuumFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Parallel()
	dir := hubtest.SmallDisk(t)
	large := t.TempDir()
	j := start(t, large, retain(1000))
	sayAll(t, j, repeat("lobby", 150), strings.Repeat("text ", 300))
	j.Close(context.Background())
	full := recordsOf(t, large, ExportOptions{})
	importAll(t, dir, full, false)
	want := recordsOf(t, dir, ExportOptions{})
	fill(t, filepath.Join(dir, "ballast"), 128<<10)
	_, _, err := Vacuum(context.Background(), dir, retain(1000))
	if err == nil || !strings.Contains(err.Error(), "the disk needs free space") {
		t.Error(err)
	}
	if got := recordsOf(t, dir, ExportOptions{}); !reflect.DeepEqual(withoutEnd(got), withoutEnd(want)) {
		t.Errorf("the history has %d records, not %d", len(got), len(want))
	}
	verifyAll(t, dir)
	if entries, err := os.ReadDir(dir); err != nil || slices.ContainsFunc(entries, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), vacuumed) }) {
		t.Errorf("the folder has %v, %v", entries, err)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	say(t, start(t, dir, retain(10)), "lobby", "new")
}

// fill writes a file until the disk has only a few bytes left.
func fill(t *testing.T, path string, left int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var size int64
	for err == nil {
		var n int
		n, err = f.Write(make([]byte, 4096))
		size += int64(n)
	}
	if err := f.Truncate(size - left); err != nil {
		t.Fatal(err)
	}
}
