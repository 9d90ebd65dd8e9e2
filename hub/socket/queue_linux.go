package socket

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// unacknowledged returns how many bytes the kernel holds for the peer (tcp(7), SIOCOUTQ).
func unacknowledged(raw syscall.RawConn) int {
	n := 0
	raw.Control(func(fd uintptr) {
		if queued, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); err == nil {
			n = queued
		}
	})
	return n
}
