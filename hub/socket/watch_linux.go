//go:build !portable

package socket

import (
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch waits for the read deadline. If drained, it returns earlier if the input has ended or
// the connection is reset, and the kernel holds nothing to read.
func (c *Conn) watch(_ time.Duration, drained bool) error {
	if c.tls != nil && drained {
		return c.watchTLS()
	}
	var gone error
	err := c.raw.Read(func(fd uintptr) bool {
		if drained {
			gone = peerGone(int(fd), c.unix)
		}
		return gone != nil
	})
	if err != nil {
		return err
	}
	return gone
}

// watchTLS is watch for a Conn with TLS that is drained. The kernel may hold records that contain no
// input, such as the close_notify, so watchTLS opens the records that arrive, up to the first one
// with input.
func (c *Conn) watchTLS() error {
	for {
		switch ahead, err := c.readAhead(); {
		case err != nil:
			return err
		case ahead:
			return c.raw.Read(func(uintptr) bool { return false })
		}
		if err := c.raw.Read(c.tryRead); err != nil {
			return c.readErr(err)
		}
	}
}

// peerGone returns io.EOF if the peer has ended its input, and another error if the connection
// is broken. It returns nil otherwise, and as long as the kernel holds something to read. local
// says that fd is a unix socket, for which POLLHUP means that the peer has closed it.
func peerGone(fd int, local bool) error {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}} // POLLERR and POLLHUP are implied
	n, err := unix.Poll(p, 0)
	for err == unix.EINTR {
		n, err = unix.Poll(p, 0)
	}
	if n <= 0 {
		return os.NewSyscallError("poll", err)
	}
	unread, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	broken := int16(unix.POLLERR | unix.POLLHUP)
	if local {
		broken = unix.POLLERR
	}
	switch {
	case err != nil:
		return os.NewSyscallError("ioctl", err)
	case unread > 0:
		return nil
	case p[0].Revents&broken == 0:
		return io.EOF
	}
	if code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && code != 0 {
		return os.NewSyscallError("read", syscall.Errno(code))
	}
	return os.NewSyscallError("read", syscall.ECONNRESET)
}
