//go:build unix

package socket

import "syscall"

// keepUrgent has the kernel keep a byte of urgent data in its place in the stream. Telnet sends
// a part of its Synch in this way (RFC 854); without that part, the rest would be read as text.
func keepUrgent(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
}
