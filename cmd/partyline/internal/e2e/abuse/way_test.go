//go:build linux

package abuse

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/certs/certstest"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// A way is a way in which clients reach a server.
type way struct {
	name string
	// flags returns the flags of the server, and the authority of its certificate if it has TLS.
	flags func(t *testing.T) (flags []string, roots *x509.CertPool)
	// onePort says that all clients connect to one address. Such a way runs the cases of connections, frames
	// and requests, except for those of notHTTP.
	onePort bool
}

// ways are all ways. The first one runs in short mode too, and it alone runs the slow cases.
var ways = []*way{
	{name: "TCP", flags: func(*testing.T) ([]string, *x509.CertPool) { return nil, nil }},
	{name: "TLS", flags: tlsFlags},
	{name: "unix", flags: func(t *testing.T) ([]string, *x509.CertPool) {
		dir := harness.PublicFolder(t)
		return []string{"--tcp", "unix:" + dir + "/chat.sock", "--http", "unix:" + dir + "/web.sock"}, nil
	}},
	{name: "one port", flags: oneAddress, onePort: true},
	{name: "TLS at one port", flags: func(t *testing.T) ([]string, *x509.CertPool) {
		flags, roots := tlsFlags(t)
		one, _ := oneAddress(t)
		return append(flags, one...), roots
	}, onePort: true},
}

// notHTTP are the cases that send no HTTP to the HTTP listener: at one port they are lines of text.
var notHTTP = map[string]bool{"noise as a request": true, "a TLS ClientHello over HTTP": true}

func oneAddress(t *testing.T) ([]string, *x509.CertPool) {
	addr := harness.FreeAddr(t)
	return []string{"--tcp", addr, "--http", addr}, nil
}

func tlsFlags(t *testing.T) ([]string, *x509.CertPool) {
	ca := certstest.NewAuthority(t)
	cert, key := ca.IssueNow(t, "localhost")
	certFile, keyFile := certstest.Write(t, t.TempDir(), cert, key)
	return []string{"--tls-cert", certFile, "--tls-key", keyFile}, ca.Pool()
}

// A target is a server that clients reach in one way.
type target struct {
	*harness.Program
	roots *x509.CertPool // nil without TLS
}

// hasReset reports whether a connection to the target can be reset.
func (s *target) hasReset() bool { return !strings.HasPrefix(s.TCP, "unix:") }

// dialBelow connects to a listener, without TLS.
func (s *target) dialBelow(listener string) (*link, error) {
	c, err := harness.DialListener(listener)
	if err != nil {
		return nil, err
	}
	return &link{Conn: c, below: c.(socket)}, nil
}

// dial connects to a listener. The TLS handshake, if there is one, is part of the first use.
func (s *target) dial(listener string) (*link, error) {
	l, err := s.dialBelow(listener)
	if err == nil && s.roots != nil {
		l.Conn = tls.Client(l.Conn, &tls.Config{RootCAs: s.roots, ServerName: "localhost"})
	}
	return l, err
}

// A socket is a *net.TCPConn or a *net.UnixConn.
type socket interface {
	net.Conn
	CloseWrite() error
	SetReadBuffer(int) error
}

// A link is a connection of a client.
type link struct {
	net.Conn
	below socket // the connection without TLS
}

// handshake does the TLS handshake, if there is TLS and it was not done before.
func (l *link) handshake() error {
	if t, ok := l.Conn.(*tls.Conn); ok {
		return t.Handshake()
	}
	return nil
}

// CloseWrite ends the sending side, with a close_notify if there is TLS.
func (l *link) CloseWrite() error {
	if err := l.handshake(); err != nil {
		return err
	}
	if t, ok := l.Conn.(*tls.Conn); ok {
		t.CloseWrite()
	}
	return l.below.CloseWrite()
}

func (l *link) SetReadBuffer(bytes int) error { return l.below.SetReadBuffer(bytes) }

// reset closes the connection with a reset, if it can have one.
func (l *link) reset() {
	if tcp, ok := l.below.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	l.below.Close()
}
