package hubtest

import "golang.org/x/sys/unix"

// unacknowledged returns how many bytes the system holds for the other end (tcp(7), SIOCOUTQ).
func unacknowledged(fd uintptr) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
