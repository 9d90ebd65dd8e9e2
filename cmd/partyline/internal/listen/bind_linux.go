//go:build !portable

package listen

import (
	"context"
	"io/fs"
	"net"
	"syscall"
)

// bindUnix creates a socket at path and listens on it. The socket has no bits that mode does not
// have: Linux takes the mode of the descriptor, less the umask.
func bindUnix(path string, mode fs.FileMode) (*net.UnixListener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var chmodErr error
		err := raw.Control(func(fd uintptr) { chmodErr = syscall.Fchmod(int(fd), uint32(mode.Perm())) })
		if err == nil {
			err = chmodErr
		}
		return err
	}}
	ln, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	return ln.(*net.UnixListener), nil
}
