// Package socket is what every gateway over TCP stands on. It writes whole frames to a
// kernel socket as the hub wants it: at once from its sweep, or waiting for as long as the
// peer takes something. And it reads so that a connection that is quiet costs little.
package socket

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"partyline/hub"
)

const (
	// WriteTimeout is how long a peer may accept no byte before it is given up; a gateway's
	// default. A peer that reads slowly accepts some each time half of its buffer is free:
	// 64 KB at 2 KB/s take half a minute.
	WriteTimeout = 60 * time.Second

	// sendBuffer is small, so that a peer that reads nothing is known soon.
	sendBuffer = 64 << 10
)

// A Conn is a TCP connection as a gateway uses it. Its Write and TryWrite meet those of
// [hub.Conn]. One goroutine at a time may read; whatever else may be called from any.
//
// It writes to the descriptor past the runtime, which alone would keep a descriptor that
// is being closed from being used. So all closing goes through it: Close waits until the
// pen is free, and nobody takes it up afterwards.
type Conn struct {
	// What TryWrite needs. A sweep finds the memory of most of its members cold, so this
	// stands together at the beginning.
	pen     sync.Mutex  // held while writing
	stopped atomic.Bool // nothing more is written
	lost    atomic.Bool // because the peer was given up
	fd      int32
	rest    []byte // of a frame that was begun; guarded by pen
	end     End

	tcp     *net.TCPConn
	raw     syscall.RawConn
	timeout time.Duration
	stalled stall
	reader

	deadline  sync.Mutex // guards the read deadline while Watch may set it
	readEnded bool       // by EndReading; guarded by deadline
}

// Init prepares c for tcp, which is c's from now on, for frames that end as end says, and
// as one of g. A peer is given up when it accepts no byte for timeout, and when it is dead: it
// acknowledges nothing, or answers no keep-alive, for deadAfter. Reading and writing return
// hub.ErrSlow then. An error says that the peer is gone already; c does without an option that
// the system refuses, and g reports it.
func (c *Conn) Init(tcp *net.TCPConn, g *Group, end End, timeout time.Duration) error {
	keepAlive := net.KeepAliveConfig{Enable: true, Idle: g.patience() / 2, Interval: g.patience() / 6, Count: 3}
	for _, o := range [...]struct {
		name string
		err  error
	}{
		{"SO_SNDBUF", tcp.SetWriteBuffer(sendBuffer)},
		{"keep-alive", tcp.SetKeepAliveConfig(keepAlive)},
	} {
		if isGone(o.err) {
			return o.err
		}
		g.report(o.name, o.err)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	c.tcp, c.raw, c.end, c.timeout = tcp, raw, end, timeout
	c.reader.group = g
	c.reader.attempt = c.reader.read
	return raw.Control(func(fd uintptr) {
		g.report("SO_OOBINLINE", keepUrgent(fd))
		c.fd = int32(fd)
		g.add(c)
	})
}

// TCP returns the connection itself, for who reads from it before Read is used.
func (c *Conn) TCP() *net.TCPConn { return c.tcp }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.tcp.RemoteAddr() }

// Stop makes a Write that waits, and all later ones, return os.ErrClosed.
func (c *Conn) Stop() {
	c.stopped.Store(true)
	c.tcp.SetWriteDeadline(time.Now())
	c.pen.Lock() // who writes still uses the descriptor
	defer c.pen.Unlock()
	c.rest = nil
}

// Close ends reading and writing, and closes the connection. It may be called more than
// once.
func (c *Conn) Close() error {
	c.EndReading()
	c.Stop()
	return c.shut()
}

// shut closes the descriptor, which nobody uses any more.
func (c *Conn) shut() error {
	c.group.remove(c)
	return c.tcp.Close()
}

// Lags reports whether the peer has not acknowledged yet what was sent.
func (c *Conn) Lags() (lags bool) {
	c.raw.Control(func(fd uintptr) { lags = unacknowledged(int32(fd)) > 0 })
	return lags
}

// giveUp makes reading and writing return hub.ErrSlow.
func (c *Conn) giveUp() {
	c.lost.Store(true)
	c.stopped.Store(true)
	c.tcp.SetWriteDeadline(time.Now())
	c.EndReading()
}

// closedErr is why nothing is read or written any more.
func (c *Conn) closedErr() error {
	if c.lost.Load() {
		return hub.ErrSlow
	}
	return os.ErrClosed
}

// Reset closes the connection and has the kernel drop what the peer did not take.
func (c *Conn) Reset() error {
	c.group.report("SO_LINGER", c.tcp.SetLinger(0))
	return c.Close()
}

// Linger ends the sending side, then reads and drops what comes until the peer's end, but
// for a time at most, and closes. Without that, what was written last could be lost to a
// reset.
func (c *Conn) Linger(d time.Duration) error {
	c.Stop()
	c.tcp.SetReadDeadline(time.Now().Add(d))
	if c.tcp.CloseWrite() == nil {
		io.Copy(io.Discard, struct{ io.Reader }{c.tcp}) // not splice: it would not end with the deadline
	}
	return c.shut()
}
