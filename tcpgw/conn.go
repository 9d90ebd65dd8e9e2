package tcpgw

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

const (
	// lingerTime is how long Close reads and drops input. Closing a socket with unread input
	// resets the connection, and the client may lose the last line.
	lingerTime = time.Second
	// shutdownLingerTime is lingerTime when the server shuts down.
	shutdownLingerTime = 200 * time.Millisecond
)

// enterWait is how long the input must pause after a CR before the client gets enterHint.
const enterWait = time.Second

// enterHint is the hint for a user whose Enter key does not end a line.
const enterHint = "your Enter key sends CR alone, and a line ends in LF, CR LF or CR NUL: " +
	"in PuTTY connect with telnet, in Tera Term set Transmit to CR+LF, in socat add icrnl, in a raw terminal type Ctrl-J"

// A conn is a TCP connection or a unix socket as a hub.Conn.
type conn struct {
	socket.Conn
	lines    lines
	opening  *opening    // nil after it has decided that the client is a chat client
	tls      *tls.Config // for the client's handshake; nil if it can't begin TLS, or has begun it
	inputErr error       // the error at the end of the input; nil before the end
	hinted   bool        // enterHint was sent
	closed   atomic.Bool
	reading  sync.Mutex // held by ReadLine and Watch, and by Close while it drains the input

	sessionless *connSet // from which to remove the connection when the session reads; nil afterwards
}

var (
	_ hub.Conn         = (*conn)(nil)
	_ hub.TryWriter    = (*conn)(nil)
	_ hub.LineBuffer   = (*conn)(nil)
	_ hub.FormatSetter = (*conn)(nil)
	_ hub.Watcher      = (*conn)(nil)
)

func newConn(nc net.Conn, g *socket.Group, maxLine int, timeout time.Duration) (*conn, error) {
	c := &conn{
		lines:   lines{max: wire.MaxMessage(maxLine)},
		opening: &opening{limit: maxLine + 1}, // the line and its CR
	}
	if err := c.Init(nc, g, endOfLine, timeout); err != nil {
		return nil, err
	}
	return c, nil
}

// ReadLine implements hub.Conn. It answers telnet commands, and returns hub.ErrControl for each
// timing mark that it answers, so that the hub paces them like lines.
func (c *conn) ReadLine() ([]byte, error) {
	if !c.reading.TryLock() {
		return nil, net.ErrClosed
	}
	defer c.reading.Unlock()
	c.beginSession()
	for !c.closed.Load() {
		if line, ok, err := c.nextLine(); ok {
			return line, err
		}
		if err := c.readMore(); err != nil { // with little stack: see socket.Conn.Read
			return nil, err
		}
	}
	return nil, net.ErrClosed
}

// beginSession notes that the session reads, which it does after it has entered its room.
func (c *conn) beginSession() {
	if c.sessionless != nil {
		c.sessionless.remove(c)
		c.sessionless = nil
	}
}

// nextLine returns the next line, or an error in its place, if there is one without reading.
func (c *conn) nextLine() (line []byte, ok bool, err error) {
	line, ok, err = c.lines.next()
	if answers := c.lines.telnet.takeAnswers(); len(answers) > 0 {
		c.Write(answers) // the hub gets the error from its own next write
	}
	if !ok && c.inputErr != nil {
		return nil, true, c.inputErr
	}
	return line, ok, err
}

// readMore reads input and feeds it to lines. If the input pauses after a CR, and no line has
// ended yet, readMore returns enterHint as a refusal, once.
func (c *conn) readMore() error {
	wait := time.Duration(0)
	if !c.hinted && c.lines.endsInCR() {
		wait = enterWait
	}
	more, err := c.ReadWithin(wait)
	switch {
	case isEnd(err):
		if err := c.checkOpeningEnd(); err != nil {
			return err
		}
		c.endInput(err)
		return nil
	case wait > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		c.hinted = true
		return &wire.Refusal{Code: wire.CodeBadRequest, Message: enterHint}
	case err != nil:
		return err
	}
	if err := c.checkOpening(more); err != nil {
		return err
	}
	c.lines.feed(more)
	return nil
}

// endInput ends the input because of err. An incomplete last line counts as a line. But it does not
// if the connection has TLS and ended without a close_notify, because somebody on the way may have
// cut off the rest of the line.
func (c *conn) endInput(err error) {
	c.inputErr = err
	switch {
	case err == io.ErrUnexpectedEOF:
		c.inputErr = io.EOF
	case err == io.EOF || !c.HasTLS():
		c.lines.end()
	}
}

// isEnd reports whether err is the end of the peer's input. A peer that closes a connection
// before it has read everything resets it; the input before the reset is still complete.
func isEnd(err error) bool {
	return err == io.EOF || err == io.ErrUnexpectedEOF || errors.Is(err, syscall.ECONNRESET)
}

// checkOpening passes input to the opening, unless it has decided already.
func (c *conn) checkOpening(b []byte) error {
	if c.opening == nil {
		return nil
	}
	f, decided := c.opening.read(b)
	if f != nil {
		return f
	}
	if decided {
		c.opening = nil
	}
	return nil
}

// checkOpeningEnd is like checkOpening, for the end of the input.
func (c *conn) checkOpeningEnd() error {
	if c.opening != nil {
		if f := c.opening.end(); f != nil {
			return f
		}
	}
	c.opening = nil
	return nil
}

// HasLine implements hub.LineBuffer.
func (c *conn) HasLine() bool { return c.lines.hasNext() }

// SetFormat implements hub.FormatSetter.
func (c *conn) SetFormat(f wire.Format) { c.lines.json = f == wire.JSON }

// Watch implements hub.Watcher.
func (c *conn) Watch(d time.Duration) error {
	if !c.reading.TryLock() {
		return net.ErrClosed
	}
	defer c.reading.Unlock()
	c.beginSession()
	return c.Conn.Watch(d, !c.lines.hasInput())
}

// Close implements hub.Conn. If reason is hub.ErrSlow it resets the connection. Otherwise it sends
// the answer of a *foreignError, sends FIN, and drains the input for lingerTime or
// shutdownLingerTime.
func (c *conn) Close(reason error) error {
	switch {
	case c.closed.Swap(true):
		return c.Conn.Close()
	case errors.Is(reason, hub.ErrSlow):
		return c.Reset()
	}
	c.EndReading()
	c.reading.Lock()
	defer c.reading.Unlock()
	if f, ok := errors.AsType[*foreignError](reason); ok {
		c.TryLast(f.answer)
	}
	if errors.Is(reason, hub.ErrShutdown) {
		return c.Linger(shutdownLingerTime)
	}
	return c.Linger(lingerTime)
}
