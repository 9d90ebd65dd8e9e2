//go:build linux

package history

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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

// startTraced starts the program under strace. calls ends the program and returns its system calls.
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
