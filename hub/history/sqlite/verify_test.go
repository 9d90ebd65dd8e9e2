package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVerify damages a history in many ways. Verify reports each, in one line.
func TestVerify(t *testing.T) {
	t.Parallel()
	good := t.TempDir()
	j := start(t, good, retain(10))
	for range 30 {
		try(j, "lobby", time.Now().String(), "some words")
	}
	awaitIndex(t, j, "lobby", 10*time.Second)
	verifyAll(t, good) // while it is open
	j.Close(context.Background())
	verifyAll(t, good)
	for damage, want := range map[string]string{
		`UPDATE messages SET text = char(27) || 'c' WHERE key = 25`:                         `message .* "lobby": text`,
		`UPDATE messages SET text = CAST(x'ff' AS TEXT) WHERE key = 25`:                     `text`,
		`UPDATE messages SET nick = 'a: b' WHERE key = 25`:                                  `from`,
		`UPDATE messages SET at = 1 << 60 WHERE key = 25`:                                   `at is`,
		`UPDATE messages SET room = 99 WHERE key = 25`:                                      `belongs to no room`,
		`UPDATE messages SET id = id - 100 WHERE key = 30`:                                  `stored before`,
		`UPDATE rooms SET base = (SELECT max(id) FROM messages)`:                            `not above the base`,
		`UPDATE rooms SET lost = last + 1000`:                                               `contradict`,
		`UPDATE rooms SET name = 'Lobby'`:                                                   `not the name of a room`,
		`DELETE FROM messages WHERE key = 25`:                                               `points to message`,
		`UPDATE keys SET gone = 1`:                                                          `marked as`,
		`DELETE FROM words WHERE rowid = 25`:                                                `seq 25 is missing in the search index`,
		`INSERT INTO words (rowid, text) VALUES (1, 'x')`:                                   `seq 1, which is no message`,
		`DELETE FROM words_data WHERE id > 10`:                                              `words`,
		`INSERT INTO jumps VALUES (99, 1, 2)`:                                               `jump 1 to 2`,
		`PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'messages_id'`: `never used|page`,
		`INSERT INTO jumps VALUES ((SELECT key FROM rooms), 5, 2)`:                          `jumps`,
		`UPDATE keys SET key = char(7) WHERE id = (SELECT max(id) FROM messages)`:           `key`,
		`INSERT INTO keys SELECT room, char(7), 5, 5, 1 FROM keys LIMIT 1`:                  `key is not`,
		`REPLACE INTO meta VALUES ('floor', -1)`:                                            `floor`,
	} {
		t.Run(damage, func(t *testing.T) {
			dir := copyFile(t, good)
			db, err := sql.Open(driver, dsn(filepath.Join(dir, fileName), "rw"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(damage); err != nil {
				t.Fatal(err)
			}
			db.Close()
			var problems []string
			err = Verify(context.Background(), dir, func(p string) { problems = append(problems, p) })
			if err != nil {
				problems = append(problems, err.Error())
			}
			if !matchesAny(want, problems) || strings.ContainsAny(strings.Join(problems, ""), "\n\x1b\x07") {
				t.Errorf("the problems are %q, want one like %s", problems, want)
			}
		})
	}
	if err := Verify(context.Background(), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "no history") {
		t.Error(err)
	}
}

// matchesAny reports whether one of the lines matches a regular expression.
func matchesAny(expression string, lines []string) bool {
	return slices.ContainsFunc(lines, regexp.MustCompile(expression).MatchString)
}

// copyFile copies the file of a closed journal to a new folder.
func copyFile(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, fileName))
	copied := t.TempDir()
	if err == nil {
		err = os.WriteFile(filepath.Join(copied, fileName), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return copied
}
