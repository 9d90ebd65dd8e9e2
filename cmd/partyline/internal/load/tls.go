//go:build linux

package load

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A sealedConn is a member's connection over TLS.
type sealedConn struct {
	*tls.Conn
	below *fdConn
}

// startTLS does the handshake of a member whose socket waits. It does not check the certificate.
func (m *member) startTLS() error {
	below := &fdConn{fd: m.fd}
	m.tls = &sealedConn{tls.Client(below, &tls.Config{InsecureSkipVerify: true, DynamicRecordSizingDisabled: true}), below}
	if err := m.tls.Handshake(); err != nil {
		return err
	}
	if _, err := m.tls.Write(m.opening()); err != nil {
		return err
	}
	below.joined = true
	return nil
}

// seal returns b as it is sent. The result is valid until the next call.
func (m *member) seal(b []byte) []byte {
	if m.tls == nil {
		return b
	}
	m.tls.below.sealed = m.tls.below.sealed[:0]
	m.tls.Write(b) // the loop's next read reports the end of the connection
	return m.tls.below.sealed
}

// open calls received with what the bytes that the socket received contain, a record at a time, which
// is in opened.
func (c *sealedConn) open(b, opened []byte, received func([]byte)) error {
	c.below.input = b
	for {
		n, err := c.Read(opened)
		switch {
		case n > 0:
			received(opened[:n])
		case err == errNoInput:
			return nil
		case err != nil:
			return err
		}
	}
}

// An fdConn is a descriptor as a net.Conn. After the member has joined, Read reads input, and Write
// appends to sealed.
type fdConn struct {
	fd     int
	joined bool
	input  []byte // owned by the goroutine that reads
	sealed []byte // owned by the goroutine that writes
}

// errNoInput is temporary, so that a tls.Conn can be read again.
var errNoInput net.Error = noInputError{}

type noInputError struct{}

func (noInputError) Error() string   { return "no input" }
func (noInputError) Timeout() bool   { return true }
func (noInputError) Temporary() bool { return true }

func (c *fdConn) Read(b []byte) (int, error) {
	for !c.joined {
		n, err := unix.Read(c.fd, b)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
	n := copy(b, c.input)
	c.input = c.input[n:]
	if n == 0 {
		return 0, errNoInput
	}
	return n, nil
}

func (c *fdConn) Write(b []byte) (int, error) {
	if c.joined {
		c.sealed = append(c.sealed, b...)
		return len(b), nil
	}
	return len(b), writeAll(c.fd, b)
}

func (*fdConn) Close() error                     { return nil }
func (*fdConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*fdConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*fdConn) SetDeadline(time.Time) error      { return nil }
func (*fdConn) SetReadDeadline(time.Time) error  { return nil }
func (*fdConn) SetWriteDeadline(time.Time) error { return nil }
