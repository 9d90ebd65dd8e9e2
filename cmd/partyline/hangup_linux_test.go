package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// catchHangup keeps the programs that the test starts from inheriting an ignored SIGHUP: a
// signal that is caught has its default action after exec.
func catchHangup(t *testing.T) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(caught) })
}

// TestHangup ends the program by SIGHUP. A closed terminal sends more than one, so a second
// one does not end it at once, and neither does the first SIGTERM after it.
func TestHangup(t *testing.T) {
	catchHangup(t)
	p := startProgram(t)
	c := call(t, p.tcp)
	expectLine(t, c.out, welcomed)
	p.signal(t, syscall.SIGHUP)
	p.cmd.Process.Signal(syscall.SIGHUP) // it may have ended by now
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exitCode(t, patience); code != 0 {
		t.Errorf("exit code %d; it says %s", code, p.err)
	}
	expectLast(t, c.out, goodbye)
}

// TestNohup starts the program by nohup: SIGHUP does nothing, SIGTERM ends it as ever.
func TestNohup(t *testing.T) {
	cmd := partylineCommand(t, nil, "--tcp", "127.0.0.1:0", "--http", "")
	nohup := exec.Command(needProgram(t, "nohup"), cmd.Args...)
	nohup.Args[1], nohup.Env = cmd.Path, cmd.Env
	p := startCommand(t, nohup)
	addr := expectLine(t, p.err, lineOpen)[0]
	c := call(t, addr)
	expectLine(t, c.out, welcomed)
	p.signal(t, syscall.SIGHUP)
	for i := range 3 {
		expectLine(t, call(t, addr).out, welcomed)
		c.say(t, fmt.Sprint("still here ", i))
		expectLine(t, c.out, fmt.Sprint(`\S+: still here `, i))
	}
	p.signal(t, syscall.SIGTERM)
	if code := p.exitCode(t, patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
	expectLast(t, c.out, goodbye)
}

// TestTerminalCloses runs the program on a terminal, by a shell and without one, and closes the
// terminal. Its log goes there too, and can no longer be written.
func TestTerminalCloses(t *testing.T) {
	catchHangup(t)
	for name, shell := range map[string][]string{
		"alone":               nil,
		"a shell":             {"sh", "-c", `"$@"; true`, "sh"},
		"an interactive bash": {"bash", "--norc", "-i", "-c", `set -m; "$@"; true`, "bash"},
	} {
		t.Run(name, func(t *testing.T) {
			terminal, end := openTerminal(t)
			addr := freeAddr(t)
			cmd := partylineCommand(t, nil, "--tcp", addr, "--http", "")
			if shell != nil {
				program := cmd.Path
				env := cmd.Env
				cmd = exec.Command(needProgram(t, shell[0]), append(append(shell[1:], program), cmd.Args[1:]...)...)
				cmd.Env = env
			}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = end, end, end
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			end.Close()
			t.Cleanup(func() {
				syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				cmd.Wait()
			})
			if !eventually(func() bool { return answers(addr) }) {
				t.Fatal("it does not listen")
			}
			c := call(t, addr)
			expectLine(t, c.out, welcomed)
			terminal.Close()
			expectLast(t, c.out, goodbye)
		})
	}
}

// openTerminal returns a pseudoterminal and the end of it that programs get.
func openTerminal(t *testing.T) (terminal, end *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	fd := int(terminal.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	end, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	return terminal, end
}
