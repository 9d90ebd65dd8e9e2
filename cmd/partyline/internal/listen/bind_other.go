//go:build !linux || portable

package listen

import (
	"io/fs"
	"net"
)

// bindUnix creates a socket at path and listens on it. Until the caller changes the mode of the
// socket, it is that of the umask.
func bindUnix(path string, _ fs.FileMode) (*net.UnixListener, error) {
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}
