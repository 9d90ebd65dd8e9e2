//go:build unix && !portable

package listen

import (
	"errors"
	"io"
	"net"
	"syscall"
)

var errNoDescriptor = errors.New("the connection has no descriptor")

// peek waits for input and returns its first byte, which the next read returns too. The read
// deadline of c ends the wait.
func peek(c net.Conn) (byte, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return 0, errNoDescriptor
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	var b [1]byte
	n, peekErr := 0, error(nil)
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, _, peekErr = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
			if peekErr != syscall.EINTR {
				return peekErr != syscall.EAGAIN
			}
		}
	})
	switch {
	case err != nil:
		return 0, err
	case peekErr != nil:
		return 0, peekErr
	case n == 0:
		return 0, io.EOF
	}
	return b[0], nil
}
