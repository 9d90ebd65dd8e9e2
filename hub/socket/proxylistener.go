package socket

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"golang.org/x/time/rate"
)

// warnInterval is the minimum time between two warnings about connections without a PROXY header.
const warnInterval = time.Minute

// NewProxyListener returns a listener whose connections from proxies are of type *ProxiedConn.
// isProxy reports whether a connection from an address must start with a PROXY header. log gets a
// warning if one does not, at most once a minute.
func NewProxyListener(ln net.Listener, isProxy func(net.Addr) bool, log *slog.Logger) net.Listener {
	return &proxyListener{Listener: ln, isProxy: isProxy, log: log, warn: rate.Sometimes{Interval: warnInterval}}
}

type proxyListener struct {
	net.Listener
	isProxy func(net.Addr) bool
	log     *slog.Logger
	warn    rate.Sometimes
}

// Accept implements net.Listener. It does not read.
func (l *proxyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || !l.isProxy(c.RemoteAddr()) {
		return c, err
	}
	return &ProxiedConn{Conn: c, listener: l}, nil
}

// A ProxiedConn is a connection that starts with a PROXY header. RemoteAddr is the address of the
// proxy.
type ProxiedConn struct {
	net.Conn // its input after the header

	// AfterHeader is called when the header has been read, by the goroutine that reads. It may close
	// the connection. It may be nil.
	AfterHeader func()

	listener *proxyListener
	begun    bool // ReadHeader was called
	header   ProxyHeader
	err      error // why there is no header
}

// Read implements net.Conn. It calls ReadHeader first.
func (c *ProxiedConn) Read(b []byte) (int, error) {
	if err := c.ReadHeader(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

// ReadHeader reads the header, unless that was done before, and returns why there is none, or nil.
// After it has returned nil, the caller may use the connection below directly. The deadline is that
// of Read. It must not be called by two goroutines at once.
func (c *ProxiedConn) ReadHeader() error {
	if !c.begun {
		c.begun = true
		if c.header, c.err = c.readHeader(); c.err == nil && c.AfterHeader != nil {
			c.AfterHeader()
		}
	}
	return c.err
}

// ProxyHeader returns what the header says: the address of the client, or nil if it names none, and
// whether the client uses TLS, which the proxy ends. ok is false before ReadHeader has returned nil.
func (c *ProxiedConn) ProxyHeader() (client net.Addr, usesTLS, ok bool) { return c.header.client() }

func (c *ProxiedConn) readHeader() (ProxyHeader, error) {
	header, err := ReadProxyHeader(c.Conn)
	switch {
	case err == nil, errors.Is(err, ErrLocal):
		return header, nil
	}
	log := c.listener.log
	log.Debug("PROXY header rejected", "addr", c.RemoteAddr(), "err", err)
	if isInvalid(err) {
		c.listener.warn.Do(func() {
			log.Warn("a proxy sends no valid PROXY header", "proxy", c.RemoteAddr(), "err", err,
				"hint", "make the proxy send it, or change --proxy-header")
		})
	}
	return ProxyHeader{}, err
}

// isInvalid reports whether err means that the first bytes are no header, and not that the peer has
// closed the connection or sends nothing, as in a health check.
func isInvalid(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return !network && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// CloseWrite ends the sending side, as http.Server does before it closes a connection with unread
// input, if the connection below can do that.
func (c *ProxiedConn) CloseWrite() error { return closeWrite(c.Conn) }
