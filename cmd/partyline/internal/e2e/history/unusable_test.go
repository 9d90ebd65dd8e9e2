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

// TestSecond starts a second program on a history: it refuses, and the first goes on.
func TestSecond(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir)
	d := newPair(t, p)
	d.say(t)
	expectUnusable(t, dir, regexp.QuoteMeta(dir)+` is in use .*`)
	if !d.say(t) {
		t.Error("the first refuses what is said after that")
	}
	d.checkLog(t, p, dir)
}

// expectUnusable starts the program on a history: it says why not in one line and exits
// with 1.
func expectUnusable(t *testing.T, dir, says string) {
	t.Helper()
	p := harness.StartPartyline(t, nil, "--data", dir, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0")
	if code := p.ExitCode(t, harness.Patience); code != 1 {
		t.Errorf("exit code %d", code)
	}
	lines, _ := p.Err.Rest(t)
	if len(lines) != 1 || !regexp.MustCompile("^partyline: .*"+says+"$").MatchString(lines[0]) {
		t.Errorf("it says\n\t%s\nand not one line like %q", strings.Join(lines, "\n\t"), says)
	}
}

// TestUnusable starts the program on files that are no history, or a damaged one, or not
// its to use now: it says so in one line that names the file, and has changed nothing.
func TestUnusable(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	good := t.TempDir()
	p, _ := talkOn(t, good, 300)
	p.End(t)
	for name, c := range map[string]struct {
		spoil func(t *testing.T, file string)
		says  string
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
		"garbage behind the magic": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte { copy(b[16:100], bytes.Repeat([]byte{0xA5}, 84)); return b })
		}, "(damaged|another program).*"},
		"cut in half": {func(t *testing.T, file string) {
			edit(t, file, func(b []byte) []byte { return b[:len(b)/2] })
		}, "damaged.*"},
		"cut within a page": { // not within its last ones, which may be the search index's
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
		"a folder": {func(t *testing.T, file string) {
			remove(t, file)
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, ".*directory.*"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyHistory(t, good)
			file := filepath.Join(dir, historyFile)
			c.spoil(t, file)
			before := digest(file)
			expectUnusable(t, dir, regexp.QuoteMeta(file)+".*"+c.says)
			if digest(file) != before {
				t.Error("the file is changed")
			}
		})
	}
}

// digest tells two files apart; a folder has none.
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

// execute runs a statement on a file, past the program. One that ends no transaction keeps
// it until the end of the test.
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
