package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"partyline/hub/history"
)

// A search in a copy made by VACUUM INTO finds what a search in the original finds. The index refers
// to messages by key, which VACUUM might change.
func TestCopy(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	const kept = 100
	j := start(t, t.TempDir(), retain(kept))
	for i := range 3 * kept { // so that the keys do not start at 1
		say(t, j, "r", fmt.Sprintf("word%03d", i))
	}
	awaitIndex(t, j, "r", time.Minute)
	dir := t.TempDir()
	db, err := sql.Open(driver, dsn(j.path, "rw"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`VACUUM INTO ?`, filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}

	again := start(t, dir, retain(kept))
	awaitIndex(t, again, "r", time.Minute)
	for i := range 3 * kept {
		text := fmt.Sprintf("word%03d", i)
		found, _, err := again.Search("r", history.NewQuery(text), 1<<53, 10)
		if want := i / (2 * kept); err != nil || len(found) != want || want > 0 && found[0].Text != text {
			t.Errorf("%s is found %d times, want %d; %v", text, len(found), want, err)
		}
	}
	var words int
	err = again.readers.QueryRow(`SELECT count(*) FROM words_docsize AS w JOIN messages ON w.id = key`).Scan(&words)
	if err != nil || words != kept {
		t.Errorf("the index has %d messages, want %d; %v", words, kept, err)
	}
}
