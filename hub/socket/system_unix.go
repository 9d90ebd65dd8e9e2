//go:build unix && !linux && !portable

package socket

import (
	"os"
	"syscall"
)

// rawIO says that trySend and tryReceive work on this system: the descriptor does not block,
// so they can use it without the runtime.
const rawIO = true

// trySend writes what the kernel takes without waiting. It returns syscall.EAGAIN if the
// kernel takes nothing.
func trySend(fd int32, b []byte) (int, error) {
	n, err := retryEINTR(syscall.Write, int(fd), b)
	return max(n, 0), err
}

// tryReceive reads what the kernel has. It returns syscall.EAGAIN if there is nothing yet, and
// 0 bytes at the end of the input.
func tryReceive(fd uintptr, b []byte) (int, error) { return retryEINTR(syscall.Read, int(fd), b) }

// readable reports whether tryReceive would return bytes or the end of the input.
func readable(fd uintptr) (bool, error) {
	_, err := retryEINTR(func(fd int, b []byte) (int, error) {
		n, _, err := syscall.Recvfrom(fd, b, syscall.MSG_PEEK)
		return n, err
	}, int(fd), make([]byte, 1))
	if err == syscall.EAGAIN {
		return false, nil
	}
	return err == nil, os.NewSyscallError("read", err)
}

// retryEINTR makes a system call, again after EINTR.
func retryEINTR(call func(int, []byte) (int, error), fd int, b []byte) (n int, err error) {
	for {
		if n, err = call(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

// unacknowledged returns 0, because the number is unknown on this system: what the kernel took
// counts as acknowledged.
func unacknowledged(int32) int { return 0 }

// readAcks returns nothing on this system: the system's own timeouts find dead peers.
func readAcks(int) (acks, error) { return acks{}, nil }

// credentials returns "", because the peer of a unix socket is unknown on this system.
func credentials(uintptr) string { return "" }
