package socket

import (
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch waits for the read deadline, the end of the input if nothing is left to be read, or
// the end of the connection.
func (c *Conn) watch(_ time.Duration, drained bool) error {
	var gone error
	err := c.raw.Read(func(fd uintptr) bool {
		gone = peerGone(int(fd), drained)
		return gone != nil
	})
	if err != nil {
		return err
	}
	return gone
}

// peerGone returns io.EOF if the peer has ended its input and all of it was read, another
// error if the connection is broken, and nil otherwise.
func peerGone(fd int, drained bool) error {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}} // POLLERR and POLLHUP come unasked
	n, err := unix.Poll(p, 0)
	for err == unix.EINTR {
		n, err = unix.Poll(p, 0)
	}
	if n <= 0 {
		return os.NewSyscallError("poll", err)
	}
	if p[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0 {
		if code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
			return os.NewSyscallError("read", syscall.Errno(code))
		}
		return os.NewSyscallError("read", syscall.ECONNRESET)
	}
	if !drained || p[0].Revents&unix.POLLRDHUP == 0 {
		return nil
	}
	unread, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	if err != nil {
		return os.NewSyscallError("ioctl", err)
	}
	if unread > 0 {
		return nil
	}
	return io.EOF
}
