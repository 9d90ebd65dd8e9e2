package tcpgw

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/socket"
)

// How long a connection that the server ends is read on, so that the last line is not
// lost to a reset.
const (
	lingerTime   = time.Second
	shutdownTime = 200 * time.Millisecond
)

// conn is a line over TCP.
type conn struct {
	tcp    *net.TCPConn
	reader *socket.Reader
	lines  lines
	writer *socket.Writer
	closed atomic.Bool
}

var (
	_ hub.Conn      = (*conn)(nil)
	_ hub.TryWriter = (*conn)(nil)
)

func newConn(tcp *net.TCPConn, b *socket.Buffers, maxLine int, timeout time.Duration) (*conn, error) {
	r, w, err := socket.Open(tcp, b, socket.EndOfLine, timeout)
	if err != nil {
		return nil, err
	}
	return &conn{
		tcp:    tcp,
		reader: r,
		lines:  lines{max: hub.MaxMessage(maxLine)},
		writer: w,
	}, nil
}

func (c *conn) ReadLine() ([]byte, error) {
	for !c.closed.Load() {
		if line, ok, err := c.lines.next(); ok {
			return line, err
		}
		more, err := c.reader.Read()
		if err != nil {
			if line, ok, bad := c.lines.last(); ok && err == io.EOF {
				return line, bad
			}
			return nil, err
		}
		c.lines.feed(more)
	}
	return nil, net.ErrClosed
}

func (c *conn) Write(frames []byte) (int, error) { return c.writer.Write(frames) }

func (c *conn) TryWrite(frames []byte) (int, error) { return c.writer.TryWrite(frames) }

// Close resets a connection that took nothing, and ends any other with FIN, after which
// it reads on for a moment.
func (c *conn) Close(why error) error {
	if c.closed.Swap(true) {
		return c.tcp.Close()
	}
	c.writer.Stop()
	if errors.Is(why, hub.ErrSlow) {
		c.tcp.SetLinger(0)
		return c.tcp.Close()
	}
	linger := lingerTime
	if errors.Is(why, hub.ErrShutdown) {
		linger = shutdownTime
	}
	c.tcp.SetReadDeadline(time.Now().Add(linger))
	if c.tcp.CloseWrite() == nil {
		io.Copy(io.Discard, struct{ io.Reader }{c.tcp}) // not splice: it would not end with the deadline
	}
	return c.tcp.Close()
}
