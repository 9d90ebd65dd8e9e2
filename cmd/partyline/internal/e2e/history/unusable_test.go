package history

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestHistoryInUse starts a second program on a history that is in use. The second program exits, and the
// first continues.
func TestHistoryInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir)
	pair := newPair(t, p)
	pair.sayNext(t)
	expectUnusable(t, dir, regexp.QuoteMeta(dir)+` is in use .*`)
	if !pair.sayNext(t) {
		t.Error("the first program refuses a message afterwards")
	}
	pair.checkLog(t, p, dir)
}

// expectUnusable starts the program on a history. It must print the reason in one line that
// matches want, and exit with status 1.
func expectUnusable(t *testing.T, dir, want string) {
	t.Helper()
	p := harness.StartPartyline(t, nil, "--data", dir, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0")
	if code := p.ExitCode(t, harness.Patience); code != 1 {
		t.Errorf("exit code %d", code)
	}
	lines, _ := p.Err.Rest(t)
	if len(lines) != 1 || !regexp.MustCompile("^partyline: .*"+want+"$").MatchString(lines[0]) {
		t.Errorf("it prints\n\t%s\nwant one line like %q", strings.Join(lines, "\n\t"), want)
	}
}

// TestUnusable starts the program on files that are not a history, damaged or in use. It prints
// an error in one line that names the file, and does not change the file.
func TestUnusable(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	good := t.TempDir()
	p, _ := startWithMessages(t, good, 300)
	p.Stop(t)
	for name, c := range map[string]struct {
		damage func(t *testing.T, file string)
		want   string
	}{
		"newer": {func(t *testing.T, file string) { execute(t, file, "PRAGMA user_version = 9999") }, "newer .*9999.*"},
		"another program's": {func(t *testing.T, file string) {
			remove(t, file)
			execute(t, file, "CREATE TABLE bookmarks (url TEXT)")
		}, "another program.*"},
		"no database": {func(t *testing.T, file string) { write(t, file, []byte(strings.Repeat("dear diary\n", 1000))) }, "not a history .*"},
		"few bytes":   {func(t *testing.T, file string) { write(t, file, []byte("SQLite")) }, "not a history .*"},
		"garbage at its head": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte { return append(bytes.Repeat([]byte{0xA5}, 100), b[100:]...) })
		}, "damaged.*"},
		"garbage after the magic": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte { copy(b[16:100], bytes.Repeat([]byte{0xA5}, 84)); return b })
		}, "(damaged|another program).*"},
		"cut in half": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte { return b[:len(b)/2] })
		}, "damaged.*"},
		"cut within a page": { // not one of the last pages, which may belong to the search index
			func(t *testing.T, file string) {
				edit(t, file, func(b []byte) []byte { return b[:len(b)/2/4096*4096+1000] })
			}, "damaged.*",
		},
		"a page in its middle": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte {
				page := b[len(b)/2/4096*4096:]
				copy(page, bytes.Repeat([]byte{0xA5}, 4096))
				return b
			})
		}, "damaged.*"},
		"locked": {func(t *testing.T, file string) {
			execute(t, file, "BEGIN EXCLUSIVE") // until the end of the test
		}, "locked .*"},
		"a directory": {func(t *testing.T, file string) {
			remove(t, file)
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, ".*directory.*"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyHistory(t, good)
			file := filepath.Join(dir, historyFile)
			c.damage(t, file)
			before := digest(file)
			expectUnusable(t, dir, regexp.QuoteMeta(file)+".*"+c.want)
			if digest(file) != before {
				t.Error("the file has changed")
			}
		})
	}
}

// digest returns the hash of a file's content. All directories have the same digest.
func digest(file string) [sha256.Size]byte {
	b, _ := os.ReadFile(file)
	return sha256.Sum256(b)
}

func remove(t *testing.T, file string) {
	t.Helper()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func edit(t *testing.T, file string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, change(b))
}

// execute runs a statement on a file without the program. A transaction that it begins is open
// until the end of the test.
func execute(t *testing.T, file, statement string) {
	t.Helper()
	db := openHistory(t, filepath.Dir(file))
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(statement, "BEGIN") {
		closeHistory(t, db)
	}
}

func closeHistory(t *testing.T, db *sql.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
