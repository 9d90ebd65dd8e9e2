package socket

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// HandshakeByte is the first byte of a TLS connection: the type of the record that has the ClientHello (RFC
// 8446 section 5.1).
const HandshakeByte = 0x16

// A tlsLayer is the net.Conn between a tls.Conn and its stream. At first it reads from the stream
// and writes to it, and waits. That is enough for a handshake, and for an HTTP server. Once a Conn
// uses it, it never waits: Read returns errNoInput if nothing has arrived, and Write keeps what the
// tls.Conn has sealed until the Conn sends it.
//
// The tls.Conn writes not only when the Conn has it seal frames, but also when it reads: it answers
// a KeyUpdate, and sends an alert before it returns an error. So Write must not take Conn.writeMu.
// The order of the locks is writeMu, those of the tls.Conn, mu.
type tlsLayer struct {
	stream
	tls     *tls.Conn
	hello   *hello       // nil after it was read
	proxied *ProxiedConn // whose PROXY header comes first; nil if there is none
	conn    *Conn        // nil until it takes over
	ended   bool         // close_notify was sent, or will not be; guarded by conn.writeMu

	// The goroutine that reads owns these.
	readErr error   // of the stream; io.EOF at the end of its input
	drained bool    // the tls.Conn has no input, and the stream had none
	ahead   *reader // holds input that the next Read returns; nil if there is none

	mu      sync.Mutex
	sealed  *sealed // what is to be sent; nil if there is nothing
	sealing bool    // Conn has frames sealed
	own     bool    // sealed has bytes that the tls.Conn wrote when it read
}

// sealed is bytes that a tls.Conn has sealed.
type sealed struct {
	b    []byte
	sent int // how many of them were sent
}

// maxSealed is the largest capacity of a buffer that a Group keeps, in bytes: enough for a batch.
const maxSealed = 40 << 10

// newTLS returns a tls.Conn for the server's end of a stream. early is the input that was read
// already.
func newTLS(nc stream, config *tls.Config, early []byte) *tlsLayer {
	l := &tlsLayer{stream: nc, hello: &hello{early: early}}
	l.tls = tls.Server(l, config)
	return l
}

// TLSConfig returns a copy of config that suits connections whose frames are small: each write has as
// few records as possible.
func TLSConfig(config *tls.Config) *tls.Config {
	c := config.Clone()
	c.DynamicRecordSizingDisabled = true
	return c
}

// TLSListener returns a listener that accepts a *tls.Conn for each connection of ln. Accept does
// not wait for the handshake. [Conn.Init] takes such a *tls.Conn after its handshake, if the
// connection of ln is one that Init takes, or such a one in a *ProxiedConn. The tls.Conn's NetConn
// then has the method Client of the ProxiedConn.
func TLSListener(ln net.Listener, config *tls.Config) net.Listener {
	return tlsListener{ln, TLSConfig(config)}
}

type tlsListener struct {
	net.Listener
	config *tls.Config
}

func (l tlsListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	below := nc
	proxied, _ := nc.(*ProxiedConn)
	if proxied != nil {
		below = proxied.Conn
	}
	if s, ok := below.(stream); ok {
		layer := newTLS(s, l.config, nil)
		layer.proxied = proxied
		return layer.tls, nil
	}
	return tls.Server(nc, l.config), nil
}

// ProxyHeader is as in ProxiedConn.
func (l *tlsLayer) ProxyHeader() (client net.Addr, usesTLS, ok bool) {
	if l.proxied == nil {
		return nil, false, false
	}
	return l.proxied.ProxyHeader()
}

// belowTLS returns the layer and the stream below nc if it is a *tls.Conn of a TLSListener.
// Otherwise it returns nil and nc.
func belowTLS(nc net.Conn) (*tlsLayer, net.Conn) {
	if t, ok := nc.(*tls.Conn); ok {
		if l, ok := t.NetConn().(*tlsLayer); ok && t.ConnectionState().HandshakeComplete {
			return l, l.stream
		}
	}
	return nil, nc
}

// StartTLS does the server's side of a TLS handshake, for at most timeout. Everything that is read
// and written afterwards is sealed. received is the input that Read has returned so far; it starts
// with the ClientHello. config should be a result of TLSConfig. If StartTLS returns an error, the
// connection is of no use, but what was sent last may be an alert that tells the peer why.
func (c *Conn) StartTLS(config *tls.Config, received []byte, timeout time.Duration) error {
	l := newTLS(c.nc, config, received)
	deadline := time.Now().Add(timeout)
	if !c.setReadDeadline(deadline) {
		return c.closedErr()
	}
	c.nc.SetWriteDeadline(deadline)
	if err := l.tls.Handshake(); err != nil {
		return err
	}
	if !c.setReadDeadline(time.Time{}) {
		return c.closedErr()
	}
	c.nc.SetWriteDeadline(time.Time{})
	c.useTLS(l)
	return nil
}

// TLSProtocol returns the protocol that the client has chosen of the NextProtos of StartTLS's config
// (ALPN, RFC 7301), or "" if it has chosen none. The goroutine that reads calls it.
func (c *Conn) TLSProtocol() string { return c.tls.tls.ConnectionState().NegotiatedProtocol }

// HasTLS reports whether c uses TLS. The goroutine that reads calls it.
func (c *Conn) HasTLS() bool { return c.tls != nil }

// useTLS makes c read and write through l, whose handshake is over. No goroutine uses l.
func (c *Conn) useTLS(l *tlsLayer) {
	c.writeMu.Lock()
	l.conn = c
	l.ended = c.stopped.Load() // the descriptor may be closed
	c.tls = l
	c.writeMu.Unlock()
	c.tryRead = l.await
	if rawIO {
		// The goroutine that reads later needs no stack for this, unless something arrives. An
		// error comes again.
		c.readAhead()
	}
}

// Read implements [net.Conn].
func (l *tlsLayer) Read(b []byte) (n int, err error) {
	switch {
	case l.readErr != nil:
		return 0, l.readErr
	case l.hello != nil:
		var from io.Reader = l.stream
		if l.proxied != nil {
			from = l.proxied // after the PROXY header
		}
		var more bool
		if n, more, err = l.hello.read(from, b); !more {
			l.hello = nil
		}
	case l.conn == nil && l.proxied != nil:
		n, err = l.proxied.Read(b)
	case l.conn != nil && !rawIO && l.hasOwn():
		return 0, errNoInput // an answer must be sent first
	case l.conn == nil || !rawIO:
		n, err = l.stream.Read(b)
	default:
		n, err = l.receive(b)
	}
	if err == io.EOF {
		l.readErr = err
	}
	return n, err
}

// receive reads what the kernel has. It returns errNoInput if there is nothing yet.
func (l *tlsLayer) receive(b []byte) (n int, err error) {
	closed := l.conn.raw.Read(func(fd uintptr) bool {
		n, err = tryReceive(fd, b)
		return true
	})
	switch {
	case closed != nil: // or the deadline has passed
		return 0, closed
	case err == syscall.EAGAIN:
		return 0, errNoInput
	case err != nil:
		l.readErr = os.NewSyscallError("read", err)
		return 0, l.readErr
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// errNoInput is temporary, so that a tls.Conn can be read again.
var errNoInput net.Error = noInputError{}

type noInputError struct{}

func (noInputError) Error() string   { return "no input" }
func (noInputError) Timeout() bool   { return true }
func (noInputError) Temporary() bool { return true }

// Write implements [net.Conn].
func (l *tlsLayer) Write(b []byte) (int, error) {
	if l.conn == nil {
		return l.stream.Write(b)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sealed == nil {
		l.sealed = l.conn.group.takeSealed()
	}
	l.sealed.b = append(l.sealed.b, b...)
	l.own = l.own || !l.sealing
	return len(b), nil
}

// SetWriteDeadline implements [net.Conn]. Once a Conn uses l, it does nothing, since Write does not
// wait. Only the tls.Conn calls it then.
func (l *tlsLayer) SetWriteDeadline(t time.Time) error {
	if l.conn != nil {
		return nil
	}
	return l.stream.SetWriteDeadline(t)
}
