package socket

import (
	"crypto/tls"
	"errors"
	"net"
)

// NewEarlyConn returns a connection for an HTTP server: nc, from which early was read already. Its
// method ProxyHeader, as that of a [ProxiedConn], returns what header says, which is zero if there is
// none. If nc is a *tls.Conn, the result has the method ConnectionState.
func NewEarlyConn(nc net.Conn, early []byte, header ProxyHeader) net.Conn {
	c := &earlyConn{nc, header, early}
	if t, ok := nc.(*tls.Conn); ok {
		return &earlyTLSConn{c, t}
	}
	return c
}

// An earlyConn is a connection with input that was read already.
type earlyConn struct {
	net.Conn
	header ProxyHeader
	early  []byte // comes before the input of Conn
}

// An earlyTLSConn has a method by which net/http recognizes TLS.
type earlyTLSConn struct {
	*earlyConn
	tls *tls.Conn
}

// Read implements net.Conn.
func (c *earlyConn) Read(b []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.early)
	if c.early = c.early[n:]; len(c.early) == 0 {
		c.early = nil
	}
	return n, nil
}

// ProxyHeader is as in ProxiedConn.
func (c *earlyConn) ProxyHeader() (client net.Addr, usesTLS, ok bool) { return c.header.client() }

// CloseWrite ends the sending side, as http.Server does before it closes a connection with unread
// input.
func (c *earlyConn) CloseWrite() error { return closeWrite(c.Conn) }

// ConnectionState returns the state of TLS.
func (c *earlyTLSConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// Unwrap returns the connection that Init takes, which is nc or below it if nc is a *ProxiedConn of
// which something was read, or a result of NewEarlyConn. early is input that comes before that of
// the connection.
func Unwrap(nc net.Conn) (below net.Conn, early []byte) {
	switch c := nc.(type) {
	case *ProxiedConn:
		return c.Conn, nil
	case *earlyTLSConn:
		return c.Conn, c.early
	case *earlyConn:
		return c.Conn, c.early
	}
	return nc, nil
}

// closeWrite ends the sending side of a connection, if it can do that.
func closeWrite(nc net.Conn) error {
	if w, ok := nc.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return errors.ErrUnsupported
}
