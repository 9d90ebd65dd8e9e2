//go:build unix && !portable

package state

import (
	"errors"
	"syscall"
)

// running reports whether a process exists.
func running(pid int) bool {
	err := syscall.Kill(pid, 0)
	return pid > 0 && (err == nil || errors.Is(err, syscall.EPERM))
}
