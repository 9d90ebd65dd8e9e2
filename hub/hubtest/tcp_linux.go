//go:build !portable

package hubtest

import "golang.org/x/sys/unix"

// unacknowledged returns the number of written bytes that the peer has not acknowledged
// (tcp(7), SIOCOUTQ).
func unacknowledged(fd uintptr) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
