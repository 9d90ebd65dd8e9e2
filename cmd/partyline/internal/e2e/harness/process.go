package harness

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// NeedProgram returns the path of the first of several programs that is installed. See [Missing].
func NeedProgram(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Missing(t, names[0])
	return ""
}

// Missing skips the test because what is not installed. If the environment variable CI is set, it fails
// the test.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing", what)
	}
	t.Skipf("%s is missing", what)
}

// Process is a running program. Its input and output are pipes, or a terminal.
type Process struct {
	Stdin    io.WriteCloser
	Out, Err *Feed[string] // lines of standard output and of standard error
	Cmd      *exec.Cmd
	Exited   chan struct{} // closed after the process has exited and its output is read
}

// Start starts a program. The program and its children are killed at the end of the test.
func Start(t *testing.T, name string, args ...string) *Process {
	t.Helper()
	return StartCommand(t, exec.Command(name, args...))
}

// StartCommand is like [Start] but takes a command.
func StartCommand(t *testing.T, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{Out: NewFeed[string](), Err: NewFeed[string](), Cmd: cmd, Exited: make(chan struct{})}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	startGroup(cmd.SysProcAttr) // so that the cleanup can kill all of a pipeline
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	stderr, err3 := cmd.StderrPipe()
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p.Stdin = stdin
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	readers.Go(func() { ReadLines(stdout, p.Out) })
	readers.Go(func() { ReadLines(stderr, p.Err) })
	go func() {
		readers.Wait()
		cmd.Wait()
		close(p.Exited)
	}()
	t.Cleanup(func() {
		killGroup(cmd.Process.Pid)
		<-p.Exited
	})
	return p
}

// Say writes a line to its input.
func (p *Process) Say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.Stdin, line); err != nil {
		t.Fatal(err)
	}
}

// Signal sends a signal.
func (p *Process) Signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.Cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// ExitCode waits for at most limit until the process exits, and returns its exit code.
func (p *Process) ExitCode(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.Exited:
	case <-time.After(limit):
		t.Fatalf("%s did not exit within %v; it printed\n%s%s", p.Cmd.Path, limit, p.Out, p.Err)
	}
	return p.Cmd.ProcessState.ExitCode()
}

// Kill kills the process and waits until it has exited.
func (p *Process) Kill(t *testing.T) {
	t.Helper()
	p.Signal(t, syscall.SIGKILL)
	<-p.Exited
}
