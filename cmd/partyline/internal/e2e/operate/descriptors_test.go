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

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestDescriptorsRunOut uses all file descriptors of the program. The program waits without using
// much CPU time, and accepts connections again when descriptors are free.
func TestDescriptorsRunOut(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const limit = 64
	p, tcp, web := startWithDescriptors(t, limit, "--max-members", "1000000")

	var conns []*net.TCPConn
	for range limit + 20 { // the kernel completes connections that the program can't accept
		conns = append(conns, harness.Dial(t, tcp))
	}
	const logLine = `.*level=ERROR msg="accept failed" .*`
	harness.ExpectLine(t, p.Err, logLine)

	before := cpuTime(t, p.Cmd.Process.Pid)
	const measured = 2 * time.Second
	time.Sleep(measured) // the measured interval
	busy := float64(cpuTime(t, p.Cmd.Process.Pid)-before) / float64(measured)
	if busy > 0.25 {
		t.Errorf("it uses %.0f %% CPU while it can accept no connection", 100*busy)
	}
	if n := p.Err.Count(regexp.MustCompile("^" + logLine + "$").MatchString); n != 1 {
		t.Errorf("the error is logged %d times, want 1", n)
	}

	for _, c := range conns {
		c.Close()
	}
	harness.ExpectLine(t, harness.DialText(t, tcp).Out, harness.WelcomeLine)
	harness.DialBot(t, "ws://"+web+"/ws").ExpectType(t, "welcome")
}

// TestIdleConnections uses all file descriptors of the program for HTTP connections, which are idle after
// a request, or have sent a part of one. Others are still served: the program closes idle connections.
func TestIdleConnections(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const limit = 64
	for name, sent := range map[string]string{"idle": "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "half a request": "GET /healthz HTTP/1.1\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, tcp, web := startWithDescriptors(t, limit, "--header-timeout", "1h")
			member := harness.DialText(t, tcp)
			harness.ExpectLine(t, member.Out, harness.WelcomeLine)
			for range 2 * limit { // the kernel completes connections that the program can't accept
				fmt.Fprint(harness.Dial(t, web), sent)
			}
			harness.ExpectLine(t, p.Err, `.*level=WARN msg="out of file descriptors, idle HTTP connections closed" closed=[1-9].*`)
			for range 3 {
				harness.ExpectLine(t, harness.DialText(t, tcp).Out, harness.WelcomeLine)
				harness.DialBot(t, "ws://"+web+"/ws").ExpectType(t, "welcome")
			}
			member.Say(t, "still here")
			harness.ExpectLine(t, member.Out, ".*: still here")
		})
	}
}

// startWithDescriptors starts the program with a limit of open file descriptors. It returns the process and the
// addresses of its listeners.
func startWithDescriptors(t *testing.T, limit int, args ...string) (p *harness.Process, tcp, http string) {
	t.Helper()
	cmd := harness.Command(t, nil, append([]string{"--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"}, args...)...)
	sh := exec.Command("sh", append([]string{"-c", `ulimit -n "$0" && exec "$@"`, fmt.Sprint(limit), cmd.Path}, cmd.Args[1:]...)...)
	sh.Env = cmd.Env
	p = harness.StartCommand(t, sh)
	return p, harness.ExpectLine(t, p.Err, harness.TCPListening)[0], harness.ExpectLine(t, p.Err, harness.HTTPListening)[0]
}

// TestMembersForDescriptors starts the program with few file descriptors. It accepts as many members
// as leave a reserve of descriptors, and refuses the next one with a reason.
func TestMembersForDescriptors(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	const limit = 128
	_, tcp, _ := startWithDescriptors(t, limit)
	for range app.MembersFor(limit) {
		harness.ExpectLine(t, harness.DialText(t, tcp).Out, harness.WelcomeLine)
	}
	c := harness.DialText(t, tcp)
	harness.ExpectLine(t, c.Out, "! the server is full: try again later")
	harness.ExpectLast(t, c.Out, "! the server is full: try again later")
}

// cpuTime returns the CPU time that a process has used.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		harness.Missing(t, "/proc")
	}
	// After the name, which may contain any character, utime and stime are fields 12 and 13.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	const perSecond = 100 // USER_HZ on Linux
	return time.Duration(ticks) * time.Second / perSecond
}
