// Package listen opens the listeners of a program at addresses of three forms:
//
//   - HOST:PORT listens on TCP. Without a host it listens on all addresses of the machine.
//   - unix:PATH listens on a unix socket, which it creates with a given mode.
//   - fd:NAME is a listening socket, TCP or unix, that the program has inherited from a service
//     manager: the socket activation of systemd, as sd_listen_fds(3) describes it.
//
// A unix socket has its mode, or a stricter one, from the moment it exists. A socket that a dead
// program has left is replaced; a socket on which a program listens, and a path that is no socket,
// are not. When the listener is closed, the socket is removed, unless another one has replaced it.
package listen

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
)

// ErrTaken is the error for an address on which another program listens.
var ErrTaken = errors.New("taken by another program")

// The prefixes of the addresses that are not HOST:PORT.
const (
	unixPrefix      = "unix:"
	inheritedPrefix = "fd:"
)

// An Opener opens listeners. It is used by one goroutine.
type Opener struct {
	mode      fs.FileMode
	inherited []inherited // that no listener uses yet
	used      []string    // the names of the others
}

// NewOpener returns an Opener that creates unix sockets with a mode. It takes the inherited
// sockets: it removes them from the environment, and no child process inherits them. An error
// means that the environment does not describe them.
func NewOpener(mode fs.FileMode) (*Opener, error) {
	sockets, err := takeInherited(firstInherited)
	return &Opener{mode: mode, inherited: sockets}, err
}

// Open opens the listener at an address. Its connections are *net.TCPConn or *net.UnixConn. The
// error is ErrTaken if another program listens there.
func (o *Opener) Open(addr string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		return listenUnix(strings.TrimPrefix(path, "//"), o.mode)
	}
	if name, ok := strings.CutPrefix(addr, inheritedPrefix); ok {
		return o.openInherited(name)
	}
	// Go's default is Multipath TCP, whose connections outlive their paths: if keep-alive ends
	// the only one, reading and writing return no error.
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, ErrTaken
	}
	return ln, err
}

// Close closes the inherited sockets that no listener uses, and returns their names.
func (o *Opener) Close() (unused []string) {
	for _, s := range o.inherited {
		unused = append(unused, s.name)
		s.file.Close()
	}
	o.inherited = nil
	return unused
}
