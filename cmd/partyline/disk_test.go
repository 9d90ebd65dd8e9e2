package main

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	_ "modernc.org/sqlite"
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
func onDisk(t *testing.T, dir, room string) (log []heard) {
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
		var h heard
		if err := rows.Scan(&h.id, &h.text); err != nil {
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

// end ends the program as a service manager does.
func (p *program) end(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if code := p.exitCode(t, patience); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
}

// say says a text under a key, and returns what that is answered with.
func (b *bot) say(t *testing.T, key, text string) event {
	t.Helper()
	b.request(t, map[string]any{"type": "say", "text": text, "key": key})
	return b.expect(t, "the answer to "+key, func(e event) bool { return e.Key == key })
}

// messages returns the messages that came so far.
func (b *bot) messages() (log []heard) {
	b.out.mu.Lock()
	defer b.out.mu.Unlock()
	for _, e := range b.out.all {
		if e.Type == "message" {
			log = append(log, heard{e.ID, e.Text})
		}
	}
	return log
}

// difference tells where two logs part.
func difference(got, want []heard) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("%d messages and %d; after %d: %v and %v", len(got), len(want), i,
		got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
}
