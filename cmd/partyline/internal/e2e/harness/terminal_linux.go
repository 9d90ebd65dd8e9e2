package harness

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// OpenTerminal returns the two ends of a new pseudo-terminal: keys, which is the keyboard and what the screen shows,
// and screen, the device of a program.
func OpenTerminal(t *testing.T, width, height uint16) (keys, screen *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	keys = os.NewFile(uintptr(fd), "terminal") // non-blocking, so that Close ends a Read
	number, err1 := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	err2 := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	err3 := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width})
	screen, err4 := os.OpenFile(fmt.Sprint("/dev/pts/", number), os.O_RDWR|unix.O_NOCTTY, 0)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return keys, screen
}

// StartOnTerminal starts a program on a new pseudo-terminal. Stdin is the keyboard and Out is the screen.
// Closing Stdin closes the terminal.
func StartOnTerminal(t *testing.T, cmd *exec.Cmd) *Process {
	t.Helper()
	keys, screen := OpenTerminal(t, 80, 24) // some programs fail if the size is 0
	defer screen.Close()
	p := &Process{Stdin: keys, Out: NewFeed[string](), Err: NewFeed[string](), Cmd: cmd, Exited: make(chan struct{})}
	p.Err.Finish(io.EOF) // standard error goes to the screen
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		ReadLines(keys, p.Out)
	}()
	go func() {
		defer close(p.Exited)
		cmd.Wait()
		<-read
	}()
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		keys.Close()
		<-p.Exited
	})
	return p
}
