package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// If a file can't be used, Open returns an error of one line and does not change the file.
func TestRefused(t *testing.T) {
	page := func(path string) { // damages a page
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		f.WriteAt([]byte(strings.Repeat("damage", 600)), 4096)
	}
	for name, c := range map[string]struct {
		spoil func(path string)
		want  string
	}{
		"no database": {func(path string) { os.WriteFile(path, []byte(strings.Repeat("garbage ", 1000)), 0o600) }, "not a history"},
		"newer":       {func(path string) { createOld(t, path, len(migrations), `PRAGMA user_version = 99`) }, "newer partyline (schema 99"},
		"foreign":     {func(path string) { createOld(t, path, 0, `CREATE TABLE t (x)`) }, "another program"},
		"damaged":     {func(path string) { createOld(t, path, len(migrations)); page(path) }, "is damaged"},
		"cut":         {func(path string) { createOld(t, path, len(migrations)); os.Truncate(path, 10_000) }, "is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), fileName)
			c.spoil(path)
			before, _ := os.ReadFile(path)
			j, err := Open(filepath.Dir(path), retain(10))
			if err == nil {
				j.Close(context.Background())
				t.Fatal("the file is used")
			}
			if s := err.Error(); !strings.Contains(s, c.want) || !strings.Contains(s, path) || strings.Contains(s, "\n") {
				t.Errorf("refused with %q", s)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file has changed")
			}
		})
	}
}

// The files of a process that was killed while it created the database, and those of a database that was
// deleted without its log, do not hinder a new one and are not part of it.
func TestLeftovers(t *testing.T) {
	old := t.TempDir()
	j := start(t, old, retain(10))
	say(t, j, "r", "old")
	dir := t.TempDir()
	path := filepath.Join(dir, fileName)
	for _, suffix := range []string{"-wal", "-shm"} {
		data, err := os.ReadFile(filepath.Join(old, fileName+suffix))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range []string{path + suffix, path + ".created" + suffix} {
			if err := os.WriteFile(to, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	createOld(t, path+".created", 0)

	j = start(t, dir, retain(10))
	if list := texts(t, j, "r"); list != nil {
		t.Errorf("the new database has %q", list)
	}
	say(t, j, "r", "new")
	if list, _ := filepath.Glob(path + ".created*"); list != nil {
		t.Errorf("%q are left", list)
	}
}

// A file that another program has locked is refused.
func TestLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), fileName)
	createOld(t, path, len(migrations))
	db, err := sql.Open(driver, dsn(path, "rwc"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := Open(filepath.Dir(path), retain(10)); err == nil || !strings.Contains(err.Error(), "locked by another program") {
		t.Errorf("it is %v", err)
	}
}

// A folder that is in use by another Journal is refused.
func TestInUse(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, retain(10))
	if _, err := Open(dir, retain(10)); err == nil || !strings.Contains(err.Error(), "in use by another partyline") {
		t.Errorf("it is %v", err)
	}
}

// A file whose check takes too long is used.
func TestSlowCheck(t *testing.T) {
	j := start(t, t.TempDir(), retain(10))
	say(t, j, "r", "one")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := checkPages(ctx, j.readers, j.path); err != nil {
		t.Error(err)
	}
}
