//go:build unix && !portable

package socket

import "syscall"

// inlineUrgent has the kernel leave urgent data in the stream. Telnet sends a part of its
// Synch as urgent data (RFC 854); without that part, the rest would be read as text.
func inlineUrgent(fd uintptr) error {
	return syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_OOBINLINE, 1)
}
