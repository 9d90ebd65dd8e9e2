package tcpgw

import (
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

// How long a connection that the server ends is read on, so that the last line is not
// lost to a reset.
const (
	lingerTime   = time.Second
	shutdownTime = 200 * time.Millisecond
)

// enterWait is how long nothing must follow a CR for it to be an Enter key's.
const enterWait = time.Second

const enterHint = "your Enter key sends CR alone, and a line ends in LF, CR LF or CR NUL: " +
	"in PuTTY connect with telnet, in Tera Term set Transmit to CR+LF, in socat add icrnl, in a raw terminal type Ctrl-J"

// openingWait is how long the greeting waits for the first line, so that a client of another
// protocol reads an answer in place of it. People and programs wait for a greeting without
// noticing this.
const openingWait = 50 * time.Millisecond

// conn is a line over TCP.
type conn struct {
	socket.Conn
	lines   lines
	opening *opening // nil when it has decided that the stream is for this server
	end     error    // of the input; nil before it
	hinted  bool     // the peer was told what its Enter key sends
	closed  atomic.Bool
	reading sync.Mutex // held by ReadLine and by Watch, and by Close from when it reads on
}

var (
	_ hub.Conn         = (*conn)(nil)
	_ hub.TryWriter    = (*conn)(nil)
	_ hub.LineBuffer   = (*conn)(nil)
	_ hub.FormatSetter = (*conn)(nil)
	_ hub.Watcher      = (*conn)(nil)
)

func newConn(tcp *net.TCPConn, g *socket.Group, maxLine int, timeout time.Duration) (*conn, error) {
	c := &conn{
		lines:   lines{max: wire.MaxMessage(maxLine)},
		opening: &opening{most: maxLine + 1}, // a CR may be the last
	}
	if err := c.Init(tcp, g, endOfLine, timeout); err != nil {
		return nil, err
	}
	return c, nil
}

// ReadLine is hub.Conn's. It answers telnet's commands, and returns hub.ErrControl once for
// each timing mark that it has answered, so that they are paced like lines.
func (c *conn) ReadLine() ([]byte, error) {
	if !c.reading.TryLock() {
		return nil, net.ErrClosed
	}
	defer c.reading.Unlock()
	for !c.closed.Load() {
		line, ok, err := c.lines.next()
		if answers := c.lines.telnet.takeAnswers(); len(answers) > 0 {
			c.Write(answers) // the hub finds out if nothing can be written
		}
		switch {
		case ok:
			return line, err
		case c.end != nil:
			return nil, c.end
		}
		if err := c.readMore(); err != nil {
			return nil, err
		}
	}
	return nil, net.ErrClosed
}

// readMore feeds lines what comes next. If the peer has pressed an Enter key that ends no line,
// readMore returns a refusal that says so, once.
func (c *conn) readMore() error {
	wait := time.Duration(0)
	if !c.hinted && c.lines.waitsForLF() {
		wait = enterWait
	}
	more, err := c.ReadWithin(wait)
	switch {
	case isEnd(err):
		if err := c.judgeEnd(); err != nil {
			return err
		}
		c.lines.end()
		c.end = err
		return nil
	case wait > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		c.hinted = true
		return &wire.Refusal{Code: wire.CodeBadRequest, Message: enterHint}
	case err != nil:
		return err
	}
	if err := c.judge(more); err != nil {
		return err
	}
	c.lines.feed(more)
	return nil
}

// isEnd reports whether the peer has ended its input. One that closes a connection before it
// has read everything resets it, and has still sent all that came before.
func isEnd(err error) bool { return err == io.EOF || errors.Is(err, syscall.ECONNRESET) }

// await reads until the beginning of the stream has decided whether it is for this server, but
// only for a moment, and returns a *foreign if it is not. sent is what was read before. What is
// read is kept for ReadLine.
func (c *conn) await(sent []byte) error {
	defer func() { c.lines.feed(sent) }()
	if err := c.judge(sent); err != nil {
		return err
	}
	for late := time.Now().Add(openingWait); c.opening != nil && len(sent) <= c.opening.most; {
		more, err := c.ReadWithin(max(time.Until(late), 1))
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case isEnd(err): // readMore comes upon it again
			return c.judgeEnd()
		case err != nil:
			return err
		}
		if err := c.judge(more); err != nil {
			return err
		}
		sent = append(sent, more...)
	}
	return nil
}

// judge has the opening read on, unless it has decided already.
func (c *conn) judge(b []byte) error {
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

// judgeEnd is judge for the end of the input.
func (c *conn) judgeEnd() error {
	if c.opening != nil {
		if f := c.opening.end(); f != nil {
			return f
		}
	}
	c.opening = nil
	return nil
}

func (c *conn) HasLine() bool { return c.lines.hasNext() }

// SetFormat is hub.FormatSetter's.
func (c *conn) SetFormat(f wire.Format) { c.lines.json = f == wire.JSON }

func (c *conn) Watch(d time.Duration) error {
	if !c.reading.TryLock() {
		return net.ErrClosed
	}
	defer c.reading.Unlock()
	return c.Conn.Watch(d, !c.lines.hasSome())
}

// Close resets a connection that took nothing, and ends any other with FIN, after which
// it reads on for a moment. A client of another protocol is told so before.
func (c *conn) Close(why error) error {
	switch {
	case c.closed.Swap(true):
		return c.Conn.Close()
	case errors.Is(why, hub.ErrSlow):
		return c.Reset()
	}
	c.EndReading()
	c.reading.Lock()
	defer c.reading.Unlock()
	if f := (*foreign)(nil); errors.As(why, &f) {
		c.TryWrite(f.answer)
	}
	if errors.Is(why, hub.ErrShutdown) {
		return c.Linger(shutdownTime)
	}
	return c.Linger(lingerTime)
}
