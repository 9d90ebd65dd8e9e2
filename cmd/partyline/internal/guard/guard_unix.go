//go:build (linux || darwin || dragonfly || freebsd || netbsd || openbsd) && !portable

package guard

import (
	"encoding/json"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup keeps a child away from signals to the group of its parent.
var ownGroup = &syscall.SysProcAttr{Setpgid: true}

// save returns the state of a terminal for restore.
func save(terminal *os.File) (string, error) {
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), ioctlGetTermios)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(state)
	return string(encoded), err
}

// restore restores the state of a terminal, unless the shell has already done it.
func restore(terminal *os.File, saved string) {
	fd := int(terminal.Fd())
	state := new(unix.Termios)
	now, err := unix.IoctlGetTermios(fd, ioctlGetTermios)
	if err != nil || now.Oflag&unix.OPOST != 0 || json.Unmarshal([]byte(saved), state) != nil {
		return
	}
	unix.IoctlSetTermios(fd, ioctlSetTermios, state)
}

// ignoreSignals makes sure that a guard outlives its parent, and that it may change the terminal after the shell
// has taken it back.
func ignoreSignals() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGPIPE)
}
