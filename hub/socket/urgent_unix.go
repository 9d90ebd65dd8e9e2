//go:build unix

package socket

import "syscall"

// keepUrgent has the kernel leave a byte that is sent as urgent data where it stands in the
// stream. Telnet sends a part of its Synch so (RFC 854), and without it the other part would be
// read as text.
func keepUrgent(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
}
