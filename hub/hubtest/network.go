package hubtest

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// A Network is a kind of connection that a gateway serves.
type Network struct {
	Name   string
	family string // as for net.Listen
	tls    bool
}

// The kinds.
var (
	TCP         = Network{"TCP", "tcp", false}
	Unix        = Network{"unix", "unix", false}
	TLSOverTCP  = Network{"TLS over TCP", "tcp", true}
	TLSOverUnix = Network{"TLS over unix", "unix", true}
	Networks    = []Network{TCP, Unix, TLSOverTCP, TLSOverUnix}
)

// HasReset reports whether a connection can end so that the other end gets an error instead of the
// end of the input. A unix socket can't, unless its input is unread.
func (n Network) HasReset() bool { return n.family == "tcp" }

// A Listener is a listener on the loopback interface or on a unix socket.
type Listener struct {
	net.Listener
	TLS    *tls.Config // the server's; nil without TLS
	client *tls.Config
}

// Listen returns a listener. Its connections are those below TLS. It is closed when the test ends.
func (n Network) Listen(t testing.TB) *Listener {
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
	l := &Listener{Listener: ln}
	if n.tls {
		if l.TLS, l.client, err = TLS(); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

// Dial connects to l. The connection is closed when the test ends. Its first use does the TLS
// handshake.
func (l *Listener) Dial(t testing.TB) *Socket {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &Socket{Conn: c, raw: c.(halfCloser)}
	if l.client != nil {
		s.TLS = tls.Client(endRecorder{c, &s.cutOff}, l.client)
		s.Conn = s.TLS
	}
	return s
}

// Pair returns both ends of a connection before the TLS handshake, and the server's TLS, which is
// nil if n has none. The connection is closed when the test ends.
func (n Network) Pair(t testing.TB) (server net.Conn, config *tls.Config, client *Socket) {
	t.Helper()
	ln := n.Listen(t)
	client = ln.Dial(t)
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, ln.TLS, client
}

// A Socket is the client's end of a connection.
type Socket struct {
	net.Conn
	TLS    *tls.Conn   // the same as Conn, or nil without TLS
	raw    halfCloser  // below TLS
	cutOff atomic.Bool // raw has ended before TLS
}

// Read implements [net.Conn]. With TLS it returns io.ErrUnexpectedEOF, not io.EOF, at an end without
// a close_notify.
func (s *Socket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if err == io.EOF && s.cutOff.Load() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// An endRecorder records that Read has returned io.EOF.
type endRecorder struct {
	net.Conn
	ended *atomic.Bool
}

func (r endRecorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if err == io.EOF {
		r.ended.Store(true)
	}
	return n, err
}

// A halfCloser is a *net.TCPConn or a *net.UnixConn.
type halfCloser interface {
	net.Conn
	CloseWrite() error
}

// Raw returns the connection below TLS.
func (s *Socket) Raw() net.Conn { return s.raw }

// CloseWrite ends the client's side cleanly: with TLS it sends a close_notify only.
func (s *Socket) CloseWrite() error {
	if s.TLS != nil {
		return s.TLS.CloseWrite()
	}
	return s.raw.CloseWrite()
}

// End ends the client's side of the TCP connection or the unix socket. With TLS it sends no
// close_notify.
func (s *Socket) End() { s.raw.CloseWrite() }

// Reset resets the connection after everything that was sent has arrived. It closes a unix socket.
func (s *Socket) Reset() {
	if tcp, ok := s.raw.(*net.TCPConn); ok {
		Reset(tcp)
	} else {
		s.raw.Close()
	}
}
