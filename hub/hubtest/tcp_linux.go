//go:build !portable

package hubtest

import "golang.org/x/sys/unix"

// RawIO says that on this system a Conn writes without waiting, knows what its peer has acknowledged,
// and notices its end without reading.
const RawIO = true

// unacknowledged returns the number of written bytes that the peer has not acknowledged
// (tcp(7), SIOCOUTQ).
func unacknowledged(fd uintptr) int {
	n, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
