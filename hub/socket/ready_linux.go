package socket

import (
	"syscall"
	"unsafe"
)

// isReady reports whether a read would not wait. It looks without reading, and without
// telling the scheduler of a system call that never waits: so the stack of a goroutine
// that waits here stays as small as it was made, which is half of what the usual way of
// reading needs, and no buffer is held.
func (r *Reader) isReady(fd uintptr) bool {
	var b byte
	const flags = syscall.MSG_PEEK | syscall.MSG_DONTWAIT
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b)), 1, flags, 0, 0)
	if errno != 0 && errno != syscall.EAGAIN && errno != syscall.EINTR {
		r.err = errno // the kernel tells it once
	}
	return errno != syscall.EAGAIN
}
