package history

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// historyFile is the name of the history's file in its directory.
const historyFile = "partyline.db"

// openHistory opens the file of a history without the program.
func openHistory(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, historyFile)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // a PRAGMA applies to one connection
	t.Cleanup(func() { db.Close() })
	return db
}

// onDisk returns the messages of a room in a history that no program has open. It reads a copy, so
// that the file stays unchanged.
func onDisk(t *testing.T, dir, room string) (log []harness.Message) {
	t.Helper()
	db := openHistory(t, copyHistory(t, dir))
	defer db.Close()
	var result string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		t.Fatalf("integrity check: %s, %v", result, err)
	}
	rows, err := db.Query(`SELECT id, text FROM rooms
		JOIN messages ON room = rooms.key WHERE name = ? ORDER BY id`, room)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var m harness.Message
		if err := rows.Scan(&m.ID, &m.Text); err != nil {
			t.Fatal(err)
		}
		log = append(log, m)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return log
}

// copyHistory copies a history, including its write-ahead log, and returns the new directory.
func copyHistory(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, historyFile+suffix))
		if os.IsNotExist(err) && suffix != "" {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, historyFile+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
