//go:build (darwin || dragonfly || freebsd || netbsd || openbsd) && !portable

package guard

import "golang.org/x/sys/unix"

const (
	ioctlGetTermios = unix.TIOCGETA
	ioctlSetTermios = unix.TIOCSETA
)
