package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// createOld creates a file with an older schema.
func createOld(t *testing.T, path string, version int, statements ...string) {
	t.Helper()
	db, err := sql.Open(driver, dsn(path, "rwc", pragmas...))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := migrate(conn, migrations[:version]); err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// A file without an index can be searched after the migration.
func TestMigrate(t *testing.T) {
	dir := t.TempDir()
	createOld(t, filepath.Join(dir, fileName), 1,
		`INSERT INTO rooms VALUES (3, 'r', 1000, 1002)`,
		fmt.Sprintf(`INSERT INTO messages VALUES (%d, 0, 'alice', 'tcp', 0, 'hello world')`, int64(3<<49|1)),
		fmt.Sprintf(`INSERT INTO messages VALUES (%d, 1, 'bob', 'ws', 1, 'waves')`, int64(3<<49|2)))
	j := start(t, dir, retain(10))
	awaitIndex(t, j, "r", time.Minute)
	found, _, err := j.Search("r", history.NewQuery("hello"), 1<<53, 10)
	if err != nil || len(found) != 1 || found[0].ID != 1001 || found[0].From != "alice" {
		t.Errorf("found %v, %v", found, err)
	}
	if m := say(t, j, "r", "next"); m.ID != 1003 {
		t.Errorf("the next id is %d", m.ID)
	}
}

// A migration keeps the messages, gaps and keys of rooms, and drops those of forgotten rooms.
func TestMigrateAll(t *testing.T) {
	dir := t.TempDir()
	at := time.Now().UnixMilli()
	row := func(number, id int64, text string) string {
		return fmt.Sprintf(`INSERT INTO messages VALUES (%d, %d, 'alice', 'tcp', 0, '%s')`, number<<49|id, at, text)
	}
	createOld(t, dir+"/"+fileName, 2,
		`INSERT INTO rooms VALUES (1, 'a', 1000, 1005, 0), (2, NULL, 9000, 9003, 0), (7, 'b', 5000, 5000, 0), (8, 'silent', 5000, 6000, 0)`,
		row(1, 1, "one"), row(1, 2, "two"), row(1, 5, "five"), row(2, 1, "forgotten"), row(7, 1, "other"),
		fmt.Sprintf(`INSERT INTO keys VALUES (%d, %d, 1, 'k')`, int64(1)<<49|2, at),
		`INSERT INTO holes VALUES (1, 1003, 1004, 1), (8, 5001, 6000, 0)`)
	j := start(t, dir, retain(10))
	page, err := j.Read("a", history.Range{After: 1000, Limit: 10})
	if len(page.Messages) != 3 || page.Messages[2].ID != 1005 || err != nil {
		t.Errorf("found %v, %v", page.Messages, err)
	}
	if want := (wire.Gap{After: 1002, Before: 1005, Missed: 2, Lost: true}); len(page.Gaps) != 1 || *page.Gaps[0] != want {
		t.Errorf("gaps %v, want %v", page.Gaps, want)
	}
	if m, result := try(j, "a", "k", "again"); !result.Repeated || m.ID != 1002 {
		t.Errorf("the key has id %d, %+v", m.ID, result)
	}
	for room, last := range map[string]int64{"a": 1005, "b": 5001, "silent": 6000} {
		if m := say(t, j, room, "next"); m.ID != last+1 {
			t.Errorf("%s: id %d after %d", room, m.ID, last)
		}
	}
	awaitIndex(t, j, "a", time.Minute)
	if found, _, err := j.Search("b", history.NewQuery("other"), 1<<53, 10); len(found) != 1 || err != nil {
		t.Errorf("the search finds %v, %v", found, err)
	}
	if n := len(texts(t, j, "forgotten")); n > 0 {
		t.Errorf("%d messages", n)
	}
}
