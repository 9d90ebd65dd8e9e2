package tcpgw

import (
	"errors"
	"io"
	"net"
	"sync"
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
	socket.Conn
	lines   lines
	closed  atomic.Bool
	reading sync.Mutex // held by ReadLine and by Watch, and by Close from when it reads on
}

var (
	_ hub.Conn       = (*conn)(nil)
	_ hub.TryWriter  = (*conn)(nil)
	_ hub.LineBuffer = (*conn)(nil)
	_ hub.Watcher    = (*conn)(nil)
)

func newConn(tcp *net.TCPConn, g *socket.Group, maxLine int, timeout time.Duration) (*conn, error) {
	c := &conn{lines: lines{max: hub.MaxMessage(maxLine)}}
	if err := c.Init(tcp, g, socket.EndOfLine, timeout); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *conn) ReadLine() ([]byte, error) {
	if !c.reading.TryLock() {
		return nil, net.ErrClosed
	}
	defer c.reading.Unlock()
	for !c.closed.Load() {
		if line, ok, err := c.lines.next(); ok {
			return line, err
		}
		more, err := c.Read()
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

func (c *conn) HasLine() bool { return c.lines.hasNext() }

func (c *conn) Watch(d time.Duration) error {
	if !c.reading.TryLock() {
		return net.ErrClosed
	}
	defer c.reading.Unlock()
	return c.Conn.Watch(d, !c.lines.hasSome())
}

// Close resets a connection that took nothing, and ends any other with FIN, after which
// it reads on for a moment.
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
	if errors.Is(why, hub.ErrShutdown) {
		return c.Linger(shutdownTime)
	}
	return c.Linger(lingerTime)
}
