package history

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// historyFile is the file of a history in its folder.
const historyFile = "partyline.db"

// openHistory opens the file of a history, past the program.
func openHistory(t *testing.T, dir string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, historyFile)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // a PRAGMA holds for one
	t.Cleanup(func() { db.Close() })
	return db
}

// onDisk returns what a history that nobody writes to has of a room. It looks at a copy:
// the program is to find its file as it left it.
func onDisk(t *testing.T, dir, room string) (log []harness.Message) {
	t.Helper()
	db := openHistory(t, copyHistory(t, dir))
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Fatalf("the file is not whole: %s, %v", verdict, err)
	}
	rows, err := db.Query(`SELECT id, text FROM rooms
		JOIN messages ON room = rooms.key WHERE name = ? ORDER BY id`, room)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var h harness.Message
		if err := rows.Scan(&h.ID, &h.Text); err != nil {
			t.Fatal(err)
		}
		log = append(log, h)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return log
}

// copyHistory returns a copy of a folder, with what is not in the file itself yet.
func copyHistory(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, historyFile+end))
		if os.IsNotExist(err) && end != "" {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, historyFile+end), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}
