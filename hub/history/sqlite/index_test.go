package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"partyline/hub/history"
)

// TestSearchIndexed searches messages that are in the index. hubtest searches new ones.
func TestSearchIndexed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := start(t, dir, Options{Retention: history.Retention{Messages: 1000}})
	for i := range 60 {
		say(t, j, "r", fmt.Sprintf("number %d of föö-bar", i))
	}
	awaitIndex(t, j, "r", time.Minute)
	for words, want := range map[string]int{"number": 60, "foo-bar": 60, "bar-foo": 0, "numb 59": 1, "NEAR": 0, "number OR": 0} {
		found, more, err := j.Search("r", history.NewQuery(words), 1<<53, 500)
		if err != nil || len(found) != want || more {
			t.Errorf("%s: %d found, more %v, %v", words, len(found), more, err)
		}
	}
	found, more, err := j.Search("r", history.NewQuery("number"), j.Open("r", nil), 2)
	if err != nil || !more || len(found) != 2 || found[0].Text != "number 58 of föö-bar" || found[1].Text != "number 57 of föö-bar" {
		t.Errorf("found %v, more %v, %v", found, more, err)
	}
}

// While the search index is damaged messages are stored and found, and the index is rebuilt.
func TestDamagedIndex(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	for _, block := range []string{"zeroblob(20)", "x'ffffffffffffffffffff'"} {
		t.Run(block, func(t *testing.T) { testDamagedIndex(t, block) })
	}
}

func testDamagedIndex(t *testing.T, block string) {
	dir := t.TempDir()
	j := start(t, dir, retain(50))
	for i := range 60 {
		say(t, j, "r", fmt.Sprint("word ", i))
	}
	awaitIndex(t, j, "r", time.Minute)
	db, err := sql.Open(driver, dsn(filepath.Join(dir, fileName), "rwc", "busy_timeout(5000)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE words_data SET block = ` + block); err != nil {
		t.Fatal(err)
	}
	// An index of zeros is like an empty one until it is changed.
	if found, _, err := j.Search("r", history.NewQuery("word"), 1<<53, 100); len(found) != 50 && block != "zeroblob(20)" || err != nil {
		t.Errorf("%d found in the damaged index, %v", len(found), err)
	}
	for i := range 100 {
		say(t, j, "r", fmt.Sprint("later ", i))
	}
	if found, _, err := j.Search("r", history.NewQuery("later"), 1<<53, 100); len(found) != 50 || err != nil {
		t.Errorf("%d found, %v", len(found), err)
	}
	awaitIndex(t, j, "r", time.Minute)
	if found, _, err := j.Search("r", history.NewQuery("later 99"), 1<<53, 100); len(found) != 1 || err != nil {
		t.Errorf("%d found in the new index, %v", len(found), err)
	}
	if _, err := db.Exec(`INSERT INTO words (words) VALUES ('integrity-check')`); err != nil {
		t.Errorf("the index is damaged: %v", err)
	}
}

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
