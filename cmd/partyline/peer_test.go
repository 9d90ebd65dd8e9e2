package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// needProgram returns the path of a program, and skips the test where there is none. In
// CI, where a skipped test would go unseen, the test fails instead.
func needProgram(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0])
	return ""
}

func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}

// process is a program at the other end of the line, driven through its pipes.
type process struct {
	stdin    io.WriteCloser
	out, err *feed[string]
	cmd      *exec.Cmd
	exited   chan struct{} // closed when it has, with all of its output read
}

// start starts a program. It and whatever it starts are gone at the end of the test.
func start(t *testing.T, name string, args ...string) *process {
	t.Helper()
	return startCommand(t, exec.Command(name, args...))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{out: newFeed[string](), err: newFeed[string](), cmd: cmd, exited: make(chan struct{})}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a pipeline ends as a whole
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	stderr, err3 := cmd.StderrPipe()
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { readLines(stdout, p.out) })
	reading.Go(func() { readLines(stderr, p.err) })
	go func() {
		reading.Wait()
		cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-p.exited
	})
	return p
}

// say types a line.
func (p *process) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.stdin, line); err != nil {
		t.Fatal(err)
	}
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exitCode waits until the process ends by itself and returns its exit code.
func (p *process) exitCode(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(limit):
		t.Fatalf("%s does not end within %v; it printed\n%s%s", p.cmd.Path, limit, p.out, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// netcat starts netcat at an address and returns it with the name that it got.
func netcat(t *testing.T, addr string) (p *process, nick string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	p = start(t, needProgram(t, "nc.openbsd", "nc"), host, port)
	return p, expectLine(t, p.out, welcomed)[0]
}

// welcomed is the first line that a client in text gets.
const welcomed = `\* You are (\S+) in #\w+, .*`

// caller is a client in text without a program around it, for when there are many or
// when its socket is to be ill-treated.
type caller struct {
	conn *net.TCPConn
	out  *feed[string]
}

// call connects to an address and reads until it is closed.
func call(t *testing.T, addr string) *caller {
	t.Helper()
	c := &caller{dial(t, addr), newFeed[string]()}
	go readLines(c.conn, c.out)
	return c
}

// dial connects without reading.
func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func (c *caller) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.conn, line); err != nil {
		t.Fatal(err)
	}
}
