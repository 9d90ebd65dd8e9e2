package hubtest

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// A Network is a kind of connection that a gateway serves.
type Network struct {
	Name   string
	family string // as for net.Listen
}

// Networks are all kinds.
var Networks = []Network{{"TCP", "tcp"}, {"unix", "unix"}}

// HasReset reports whether a connection can end so that the other end gets an error instead of the
// end of the input. A unix socket can't, unless its input is unread.
func (n Network) HasReset() bool { return n.family == "tcp" }

// Listen returns a listener on the loopback interface or on a unix socket. It is closed when the
// test ends.
func (n Network) Listen(t testing.TB) net.Listener {
	t.Helper()
	addr := "127.0.0.1:0"
	if n.family == "unix" {
		dir, err := os.MkdirTemp("", "") // shorter than t.TempDir: a path has at most 107 bytes
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		addr = filepath.Join(dir, "socket")
	}
	ln, err := net.Listen(n.family, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// Dial connects to a listener of n. The connection is closed when the test ends.
func (n Network) Dial(t testing.TB, to net.Addr) *Socket {
	t.Helper()
	c, err := net.Dial(to.Network(), to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &Socket{c, c.(halfCloser)}
}

// Pair returns both ends of a connection. They are closed when the test ends.
func (n Network) Pair(t testing.TB) (server net.Conn, client *Socket) {
	t.Helper()
	ln := n.Listen(t)
	client = n.Dial(t, ln.Addr())
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, client
}

// A Socket is the client's end of a connection.
type Socket struct {
	net.Conn
	raw halfCloser // below Conn
}

// A halfCloser is a *net.TCPConn or a *net.UnixConn.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// CloseWrite ends the client's side cleanly.
func (s *Socket) CloseWrite() error { return s.raw.CloseWrite() }

// End ends the client's side of the TCP connection or the unix socket.
func (s *Socket) End() { s.raw.CloseWrite() }

// Reset resets the connection after everything that was sent has arrived. It closes a unix socket.
func (s *Socket) Reset() {
	if tcp, ok := s.raw.(*net.TCPConn); ok {
		Reset(tcp)
	} else {
		s.raw.Close()
	}
}
