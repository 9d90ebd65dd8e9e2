//go:build unix && !portable

package listen

import (
	"net"
	"syscall"
)

func closeOnExec(fd int) { syscall.CloseOnExec(fd) }

// isListening reports whether connections can be accepted from a listener on a foreign socket.
func isListening(ln net.Listener) bool {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	listening := 0
	raw.Control(func(fd uintptr) {
		listening, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	})
	return err == nil && listening != 0
}
