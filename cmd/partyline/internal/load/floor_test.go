//go:build linux

package load

import (
	"bytes"
	"fmt"
	"net"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// serveFloor is the floor: the cheapest possible server for one room over TCP. One thread
// waits in epoll, reads a message, and writes it to each socket with one system call, without
// the Go scheduler. The floor checks no limits and buffers no output: it panics if a socket is
// full.
func serveFloor(ln, _ net.Listener) {
	runtime.LockOSThread()
	f := floor{buf: make([]byte, 64<<10), rest: make(map[int32][]byte)}
	var err error
	if f.poll, err = unix.EpollCreate1(0); err != nil {
		panic(err)
	}
	file, err := ln.(*net.TCPListener).File()
	if err != nil {
		panic(err)
	}
	f.listener = int(file.Fd())
	defer runtime.KeepAlive(file) // a finalizer closes it
	unix.SetNonblock(f.listener, true)
	f.watch(f.listener)
	events := make([]unix.EpollEvent, 512)
	for {
		n, err := unix.EpollWait(f.poll, events, -1)
		if err != nil && err != unix.EINTR {
			panic(err)
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == f.listener {
				f.accept()
			} else {
				f.read(e.Fd)
			}
		}
	}
}

// A floor is the state of serveFloor.
type floor struct {
	poll, listener int
	members        []int
	buf            []byte
	rest           map[int32][]byte // by descriptor: the start of a line that is not complete
	line           []byte
}

func (f *floor) watch(fd int) {
	unix.EpollCtl(f.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (f *floor) accept() {
	for {
		fd, _, err := unix.Accept4(f.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		f.members = append(f.members, fd)
		unix.Write(fd, fmt.Appendf(nil, "* You are guest-%04x in #lobby, (%d here).\n", fd, len(f.members)))
		f.watch(fd)
	}
}

func (f *floor) read(fd int32) {
	n, err := unix.Read(int(fd), f.buf)
	if err == unix.EAGAIN || err == unix.EINTR {
		return
	}
	if n <= 0 {
		unix.EpollCtl(f.poll, unix.EPOLL_CTL_DEL, int(fd), nil)
		return
	}
	b := f.buf[:n]
	if rest := f.rest[fd]; len(rest) > 0 {
		b = append(rest, b...)
	}
	rest := cutLines(b, func(line []byte) {
		f.line = fmt.Appendf(f.line[:0], "guest-%04x: %s\n", fd, line)
		for _, to := range f.members {
			f.write(to)
		}
	})
	f.rest[fd] = append(f.rest[fd][:0], rest...)
}

func (f *floor) write(fd int) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&f.line[0])), uintptr(len(f.line)))
	if errno == syscall.EPIPE || errno == syscall.ECONNRESET {
		return
	}
	if errno != 0 || int(n) != len(f.line) {
		panic(fmt.Sprintf("floor: a socket took %d of %d bytes: %v", n, len(f.line), errno))
	}
}

// cutLines calls f for each complete line of b and returns the bytes after the last.
func cutLines(b []byte, f func(line []byte)) (rest []byte) {
	for {
		line, rest, ok := bytes.Cut(b, []byte("\n"))
		if !ok {
			return b
		}
		f(line)
		b = rest
	}
}
