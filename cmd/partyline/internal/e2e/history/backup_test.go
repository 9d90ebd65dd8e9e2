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

// TestBackup copies the history of a busy server as docs/history.md says. Nobody notices it,
// and the copy has everything up to a moment.
func TestBackup(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	harness.NeedProgram(t, "sqlite3")
	dir, copied := t.TempDir(), t.TempDir()
	keeping := []string{"--history", "10000000", "--rate", "0", "--data"}
	p := harness.StartProgram(t, append(keeping, dir)...)
	sqlite3(t, dir, fill)
	listener := harness.DialTCPBot(t, p.TCP)
	listener.ExpectType(t, "welcome")
	talkers := newSenders(4)
	going := talkTogether(t, p, talkers)

	const enough = 200
	if !harness.Eventually(func() bool { return going.acks.Load() >= enough }) {
		t.Fatalf("%d acks came; the program says\n%s", going.acks.Load(), p.Err)
	}
	before := going.acks.Load()
	backup(t, filepath.Join(dir, historyFile), filepath.Join(copied, historyFile))
	after := going.acks.Load()
	if !harness.Eventually(func() bool { return going.acks.Load() >= after+enough }) {
		t.Errorf("%d acks came after the copy", going.acks.Load()-after)
	}
	going.ending.Store(true)
	going.Wait()
	p.End(t)

	sqlite3(t, dir, empty) // it would only take time
	sqlite3(t, copied, empty)
	log, there := onDisk(t, dir, "lobby"), onDisk(t, copied, "lobby")
	checkSaid(t, log, talkers)
	if got := listener.Messages(); !slices.Equal(got, log) {
		t.Errorf("the listener heard other messages than history has: %s", harness.Difference(got, log))
	}
	if n := len(there); int64(n) < before || n > len(log) || !slices.Equal(there, log[:n]) {
		t.Fatalf("after %d acks the copy is no beginning of history: %s", before, harness.Difference(there, log))
	}
	t.Logf("%d messages of %d are in the copy; %d acks came meanwhile", len(there), len(log), after-before)

	p = harness.StartProgram(t, append(keeping, copied)...)
	b := harness.DialTCPBot(t, p.TCP)
	b.ExpectType(t, "welcome")
	for _, want := range []harness.Message{there[0], there[len(there)-1]} {
		b.Request(t, map[string]any{"type": "search", "words": want.Text, "before": want.ID + 1, "limit": 1, "ref": want.Text})
		e := b.Expect(t, "the answer to a search", func(e harness.Event) bool { return e.Ref == want.Text })
		if len(e.Messages) != 1 || (harness.Message{ID: e.Messages[0].ID, Text: e.Messages[0].Text}) != want {
			t.Errorf("the search for %v in the copy finds %+v", want, e)
		}
	}
	if e := b.Say(t, "k", "goes on"); e.Type != "ack" || e.ID <= there[len(there)-1].ID {
		t.Errorf("a message after %v is answered with %+v", there[len(there)-1], e)
	}
	p.End(t)
}

// A filled history is so large that messages come while it is copied.
const (
	fill  = `REPLACE INTO meta VALUES ('filler', zeroblob(64 << 20))`
	empty = `DELETE FROM meta WHERE name = 'filler'; VACUUM`
)

// sqlite3 runs statements on a history by the program of that name.
func sqlite3(t *testing.T, dir, statements string) {
	t.Helper()
	path := filepath.Join(dir, historyFile)
	if out, err := exec.Command("sqlite3", "-cmd", "PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF", path, statements).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// backup runs the commands of docs/history.md that copy a history.
func backup(t *testing.T, from, to string) {
	t.Helper()
	docs, err := os.ReadFile(harness.File("docs/history.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, copying, _ := strings.Cut(string(docs), "\n## A copy\n")
	_, script, _ := strings.Cut(copying, "```sh\n")
	script, _, _ = strings.Cut(script, "```")
	for path, ours := range map[string]string{"/var/lib/partyline/partyline.db": from, "/var/backups/partyline.db": to} {
		if strings.Count(script, path) != 1 {
			t.Fatalf("docs/history.md has no %s once in\n%s", path, script)
		}
		script = strings.Replace(script, path, ours, 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	sh := exec.CommandContext(ctx, "sh", "-ec", script)
	sh.WaitDelay = time.Second // for what it started
	if out, err := sh.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the copy has the mode %v, %v", info.Mode(), err)
	}
}
