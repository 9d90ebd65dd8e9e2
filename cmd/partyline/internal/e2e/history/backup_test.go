package history

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestBackup copies the history of a busy server with the commands in docs/history.md. The server
// continues, and the copy is a prefix of the history.
func TestBackup(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	harness.NeedProgram(t, "sqlite3")
	dir, copied := t.TempDir(), t.TempDir()
	args := []string{"--history", "10000000", "--rate", "0", "--data"}
	p := harness.StartProgram(t, append(args, dir)...)
	sqlite3(t, dir, fill)
	listener := harness.DialTCPBot(t, p.TCP)
	listener.ExpectType(t, "welcome")
	senders := newSenders(4)
	running := startSenders(t, p, senders)
	before, after := running.during(t, p, func() {
		backup(t, filepath.Join(dir, historyFile), filepath.Join(copied, historyFile))
	})

	sqlite3(t, dir, empty) // only to save time
	sqlite3(t, copied, empty)
	log, copiedLog := onDisk(t, dir, "lobby"), onDisk(t, copied, "lobby")
	checkStored(t, log, senders)
	if got := listener.Messages(); !slices.Equal(got, log) {
		t.Errorf("the messages that the listener received differ from the history: %s", harness.Difference(got, log))
	}
	checkCopied(t, before, copiedLog, log)
	t.Logf("the copy has %d of %d messages; %d acks arrived during the copy", len(copiedLog), len(log), after-before)

	p = harness.StartProgram(t, append(args, copied)...)
	b := harness.DialTCPBot(t, p.TCP)
	b.ExpectType(t, "welcome")
	for _, want := range []harness.Message{copiedLog[0], copiedLog[len(copiedLog)-1]} {
		b.Request(t, map[string]any{"type": "search", "words": want.Text, "before": want.ID + 1, "limit": 1, "ref": want.Text})
		e := b.Expect(t, "the answer to a search", func(e harness.Event) bool { return e.Ref == want.Text })
		if len(e.Messages) != 1 || (harness.Message{ID: e.Messages[0].ID, Text: e.Messages[0].Text}) != want {
			t.Errorf("search for %v in the copy returns %+v", want, e)
		}
	}
	if e := b.Say(t, "k", "goes on"); e.Type != "ack" || e.ID <= copiedLog[len(copiedLog)-1].ID {
		t.Errorf("message after %v: got %+v", copiedLog[len(copiedLog)-1], e)
	}
	p.Stop(t)
}

// fill makes the file of a history so large that messages arrive while it is copied. empty shrinks
// the file again.
const (
	fill  = `REPLACE INTO meta VALUES ('filler', zeroblob(64 << 20))`
	empty = `DELETE FROM meta WHERE name = 'filler'; VACUUM`
)

// sqlite3 runs statements on a history with the sqlite3 program.
func sqlite3(t *testing.T, dir, statements string) {
	t.Helper()
	path := filepath.Join(dir, historyFile)
	if out, err := exec.Command("sqlite3", "-cmd", "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF", path, statements).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// backup copies a history with the commands in docs/history.md.
func backup(t *testing.T, from, to string) {
	t.Helper()
	docs, err := os.ReadFile(harness.RepoPath("docs/history.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, copying, _ := strings.Cut(string(docs), "\n## A copy\n")
	_, script, _ := strings.Cut(copying, "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	for path, actual := range map[string]string{"/var/lib/partyline/partyline.db": from, "/var/backups/partyline.db": to} {
		if strings.Count(script, path) != 1 {
			t.Fatalf("docs/history.md: want %s exactly once in\n%s", path, script)
		}
		script = strings.Replace(script, path, actual, 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	sh := exec.CommandContext(ctx, "sh", "-ec", script)
	sh.WaitDelay = time.Second // for its child processes
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode of the copy: %v, %v", info.Mode(), err)
	}
}
