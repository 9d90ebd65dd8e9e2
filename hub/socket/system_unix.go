//go:build unix && !linux

package socket

import "syscall"

// past says that the descriptor, which does not block, can be used past the runtime.
const past = true

// trySend writes what the kernel takes at once; syscall.EAGAIN where it takes nothing.
func trySend(fd int32, b []byte) (int, error) {
	n, err := again(syscall.Write, int(fd), b)
	return max(n, 0), err
}

// tryReceive reads what is there; syscall.EAGAIN where there is nothing yet, 0 bytes at
// the end of the input.
func tryReceive(fd uintptr, b []byte) (int, error) { return again(syscall.Read, int(fd), b) }

// readable leaves the looking to tryReceive.
func readable(uintptr) (bool, error) { return true, nil }

func again(call func(int, []byte) (int, error), fd int, b []byte) (n int, err error) {
	for {
		if n, err = call(fd, b); err != syscall.EINTR {
			return n, err
		}
	}
}

// unacknowledged is unknown on this system: what the kernel took counts as taken.
func unacknowledged(int32) int { return 0 }

// readAcks knows nothing on this system: dead peers are left to the system's own patience.
func readAcks(int) (acks, error) { return acks{}, nil }
