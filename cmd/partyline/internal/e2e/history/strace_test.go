//go:build linux

package history

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// needStrace returns the path of strace. It skips the test if strace is missing or tracing is not
// permitted.
func needStrace(t *testing.T) string {
	t.Helper()
	strace := harness.NeedProgram(t, "strace")
	if out, err := exec.Command(strace, "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		t.Skipf("tracing is not permitted: %s", out)
	}
	return strace
}

// A systemCall is a system call in the output of strace. start and end are the numbers of the
// lines at which it starts and ends.
type systemCall struct {
	name, args, result string
	start, end         int
}

// traced lists the system calls that write to a disk or to a socket.
const traced = "fsync,fdatasync,sync_file_range,pwrite64,pwritev,write,writev,sendto,sendmsg"

// startTraced starts the program under strace. calls ends it and returns its system calls.
func startTraced(t *testing.T, args ...string) (p *harness.Program, calls func() []systemCall) {
	t.Helper()
	strace := needStrace(t)
	file := filepath.Join(t.TempDir(), "calls")
	cmd := harness.Command(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)...)
	under := exec.Command(strace, append([]string{"-f", "-y", "-s", "5000", "-e", "trace=" + traced, "-o", file, cmd.Path}, cmd.Args[1:]...)...)
	under.Env = cmd.Env
	process := harness.StartCommand(t, under)
	p = &harness.Program{Process: process, TCP: harness.ExpectLine(t, process.Err, harness.TCPListening)[0], HTTP: harness.ExpectLine(t, process.Err, harness.HTTPListening)[0]}
	return p, func() []systemCall {
		t.Helper()
		if err := syscall.Kill(-process.Cmd.Process.Pid, syscall.SIGTERM); err != nil { // strace itself ignores it
			t.Fatal(err)
		}
		if code := p.ExitCode(t, harness.Patience); code != 0 {
			t.Fatalf("exit code %d:\n%s", code, p.Err)
		}
		return readCalls(t, file)
	}
}

var (
	callStarts  = regexp.MustCompile(`^(\d+) +(\w+)\((.*)$`)
	callResumes = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	callEnds    = regexp.MustCompile(`^(.*)\) += (-?\d+).*$`)
)

// readCalls parses the output of strace. A call that was interrupted by another thread's output
// takes two lines.
func readCalls(t *testing.T, file string) (calls []systemCall) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unfinished := make(map[string]int) // index in calls, by thread
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		line := lines.Text()
		if m := callStarts.FindStringSubmatch(line); m != nil {
			c := systemCall{name: m[2], args: m[3], start: n, end: n}
			if args, ok := strings.CutSuffix(c.args, " <unfinished ...>"); ok {
				c.args, c.end = args, -1
				unfinished[m[1]] = len(calls)
			} else if m := callEnds.FindStringSubmatch(c.args); m != nil {
				c.args, c.result = m[1], m[2]
			}
			calls = append(calls, c)
		} else if m := callResumes.FindStringSubmatch(line); m != nil {
			c := &calls[unfinished[m[1]]]
			if ends := callEnds.FindStringSubmatch(m[3]); c.name == m[2] && ends != nil {
				c.end, c.result = n, ends[2]
			}
		}
	}
	if lines.Err() != nil || len(calls) == 0 {
		t.Fatalf("the output of strace has %d calls: %v", len(calls), lines.Err())
	}
	return calls
}

func (c *systemCall) isSync() bool { return strings.HasSuffix(c.name, "sync") }

// toLog reports whether a call is for the write-ahead log of a history.
func (c *systemCall) toLog() bool { return strings.Contains(c.args, historyFile+"-wal>") }

// toSocket reports whether a call writes to a client.
func (c *systemCall) toSocket() bool {
	return !c.isSync() && (strings.Contains(c.args, "<socket:") || strings.Contains(c.args, "<TCP"))
}

// checkSafe checks that a message was written to the write-ahead log and synced before it was
// sent to any client.
func checkSafe(calls []systemCall, text string) error {
	written := first(calls, func(c systemCall) bool { return c.toLog() && strings.Contains(c.args, text) })
	if written == nil {
		return errors.New("it was never written to the write-ahead log")
	}
	synced := first(calls, func(c systemCall) bool {
		return c.isSync() && c.toLog() && c.start > written.end && c.end > 0 && c.result == "0"
	})
	sent := first(calls, func(c systemCall) bool { return c.toSocket() && strings.Contains(c.args, text) })
	switch {
	case sent == nil:
		return errors.New("it was sent to no client")
	case sent.start < written.end:
		return errors.New("it was sent before it was written to the write-ahead log")
	case synced == nil || sent.start < synced.end:
		return errUnsafe
	}
	return nil
}

var errUnsafe = errors.New("it was sent before the write-ahead log was synced")

func first(calls []systemCall, match func(systemCall) bool) *systemCall {
	if i := slices.IndexFunc(calls, match); i >= 0 {
		return &calls[i]
	}
	return nil
}

// sayTraced sends messages one by one and then a burst. It returns their texts, which are also
// their keys.
func sayTraced(t *testing.T, p *harness.Program, single, burst int) (texts []string) {
	t.Helper()
	tcp, ws := harness.DialTCPBot(t, p.TCP), harness.DialBot(t, "ws://"+p.HTTP+"/ws")
	tcp.ExpectType(t, "welcome")
	ws.ExpectType(t, "welcome")
	for n := range single + burst {
		texts = append(texts, fmt.Sprintf("@m%04d.", n))
	}
	for n, text := range texts[:single] {
		b := []*harness.Bot{tcp, ws}[n%2]
		if e := b.Say(t, text, text); e.Type != "ack" {
			t.Fatalf("%q: got %+v", text, e)
		}
	}
	for n, text := range texts[single:] {
		[]*harness.Bot{tcp, ws}[n%2].Request(t, map[string]any{"type": "say", "text": text, "key": text})
	}
	for n, text := range texts[single:] {
		[]*harness.Bot{tcp, ws}[n%2].Expect(t, "the ack", func(e harness.Event) bool { return e.Type == "ack" && e.Key == text })
	}
	for _, b := range []*harness.Bot{tcp, ws} { // the messages are delivered, too
		if !harness.Eventually(func() bool { return len(b.Messages()) == len(texts) }) {
			t.Fatalf("%d of %d messages are received", len(b.Messages()), len(texts))
		}
	}
	return texts
}

// TestSyncBeforeAck traces the system calls. Each message is synced before it is sent to any
// client or acknowledged.
func TestSyncBeforeAck(t *testing.T) {
	const single, burst = 30, 60
	p, calls := startTraced(t, "--data", t.TempDir(), "--rate", "0")
	texts := sayTraced(t, p, single, burst)
	all := calls()
	for _, text := range texts {
		if err := checkSafe(all, text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	t.Logf("%d syncs for %d messages one by one and a burst of %d", countSyncs(all, texts[0]), single, burst)
}

// TestNoSyncBeforeAck traces the system calls with --sync normal. Each message is written to the
// write-ahead log before it is sent to any client, but most are not synced by then.
func TestNoSyncBeforeAck(t *testing.T) {
	harness.Long(t)
	const single = 30
	p, calls := startTraced(t, "--data", t.TempDir(), "--rate", "0", "--sync", "normal")
	texts := sayTraced(t, p, single, 0)
	all := calls()
	unsafe := 0
	for _, text := range texts {
		switch err := checkSafe(all, text); {
		case errors.Is(err, errUnsafe):
			unsafe++
		case err != nil:
			t.Errorf("%q: %v", text, err)
		}
	}
	if unsafe < single/2 {
		t.Errorf("%d messages of %d are sent before a sync", unsafe, single)
	}
	if n := countSyncs(all, texts[0]); n >= single/2 {
		t.Errorf("%d syncs for %d messages", n, single)
	}
}

// countSyncs returns the number of syncs of the write-ahead log after a text was written.
func countSyncs(calls []systemCall, text string) (n int) {
	written := false
	for _, c := range calls {
		switch {
		case !c.toLog():
		case strings.Contains(c.args, text):
			written = true
		case written && c.isSync():
			n++
		}
	}
	return n
}
