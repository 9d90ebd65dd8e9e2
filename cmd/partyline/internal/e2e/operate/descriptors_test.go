package operate

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDescriptorsRunOut takes all descriptors that the program may have: it waits without
// burning the processor, and lets in again when there are some.
func TestDescriptorsRunOut(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	const limit = 64
	cmd := harness.Command(t, nil, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--max-members", "1000000")
	sh := exec.Command("sh", append([]string{"-c", `ulimit -n "$0" && exec "$@"`, fmt.Sprint(limit), cmd.Path}, cmd.Args[1:]...)...)
	sh.Env = cmd.Env
	p := harness.StartCommand(t, sh)
	tcp, web := harness.ExpectLine(t, p.Err, harness.TCPListening)[0], harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]

	var crowd []*net.TCPConn
	for range limit + 20 { // the kernel lets in those whom the program can't
		crowd = append(crowd, harness.Dial(t, tcp))
	}
	const complaint = `.*level=ERROR msg="accept failed" .*`
	harness.ExpectLine(t, p.Err, complaint)

	before := cpuTime(t, p.Cmd.Process.Pid)
	const measured = 2 * time.Second
	time.Sleep(measured) // not for anything to come: it is the time that is measured
	busy := float64(cpuTime(t, p.Cmd.Process.Pid)-before) / float64(measured)
	if busy > 0.25 {
		t.Errorf("it is busy for %.0f %% of the time while nobody can be let in", 100*busy)
	}
	if n := p.Err.Count(regexp.MustCompile("^" + complaint + "$").MatchString); n != 1 {
		t.Errorf("it complains %d times, not once", n)
	}

	for _, c := range crowd {
		c.Close()
	}
	harness.ExpectLine(t, harness.DialText(t, tcp).Out, harness.WelcomeLine)
	harness.DialBot(t, "ws://"+web+"/ws").ExpectType(t, "welcome")
}

// cpuTime returns the processor time that a process has used.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		harness.Missing(t, "/proc")
	}
	// Behind the name, which may hold anything, utime and stime are the 12th and 13th.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	const perSecond = 100 // on every Linux that there is
	return time.Duration(ticks) * time.Second / perSecond
}
