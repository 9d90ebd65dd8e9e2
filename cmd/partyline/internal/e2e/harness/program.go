package harness

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TCPListening and HTTPListening match the log lines of a program that accepts connections. Their group is
// the address.
const (
	TCPListening  = `.*msg=listening tcp=(\S+) .*`
	HTTPListening = `.*msg=listening http=(\S+) .*`
)

// Slack is how much longer than expected the program may take to exit on a slow machine. It is shorter than
// the default of --write-timeout.
const Slack = 5 * time.Second

// Program is partyline in a separate process. See [Server] for a server in the process of the test.
type Program struct {
	*Process
	TCP, HTTP string // its addresses
}

// StartProgram starts the program on free ports and waits until it accepts connections.
func StartProgram(t *testing.T, args ...string) *Program {
	t.Helper()
	return startProgram(t, Command(t, nil), args)
}

// StartProgramAt is like [StartProgram] but runs the program in a file, such as an earlier version.
func StartProgramAt(t *testing.T, file string, args ...string) *Program {
	t.Helper()
	cmd := exec.Command(file)
	cmd.Env = environment()
	return startProgram(t, cmd, args)
}

func startProgram(t *testing.T, cmd *exec.Cmd, args []string) *Program {
	t.Helper()
	given := args
	if OverNATS() {
		args = append(sharedArgs(t, args), args...)
	}
	cmd.Args = append(append(cmd.Args, "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"), args...)
	p := StartCommand(t, cmd)
	started := &Program{p, ExpectLine(t, p.Err, TCPListening)[0], ExpectLine(t, p.Err, HTTPListening)[0]}
	if len(args) > len(given) && !Eventually(func() bool { return p.Err.Count(isReady) > 0 }) {
		t.Fatalf("the history is not ready:\n%s", p.Err)
	}
	return started
}

// StartPartyline starts the program with exactly these arguments. Unlike [StartProgram] it chooses no addresses
// and does not wait until the program accepts connections. The environment is the test's without PARTYLINE_
// variables, and with the given variables of the form NAME=value.
func StartPartyline(t *testing.T, variables []string, args ...string) *Process {
	t.Helper()
	return StartCommand(t, Command(t, variables, args...))
}

// Command returns the command that [StartPartyline] starts. It runs the test binary; see [Main].
func Command(t *testing.T, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(append(environment(), asProgramEnv+"=1"), variables...)
	return cmd
}

// environment returns the environment of the test without PARTYLINE_ variables.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PARTYLINE_") })
}

// Stop stops the program with SIGTERM and checks that it exits with code 0.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	if code := p.ExitCode(t, Patience); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.Err)
	}
}
