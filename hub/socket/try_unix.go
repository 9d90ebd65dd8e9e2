//go:build unix

package socket

import "syscall"

// try writes what the kernel takes at once. It returns true in any case: the runtime
// shall not wait until the socket can be written.
func (w *Writer) try(fd uintptr) bool {
	for {
		n, err := syscall.Write(int(fd), w.frames[w.n:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			w.err = err
			return true
		}
		w.n += n
		return true
	}
}
