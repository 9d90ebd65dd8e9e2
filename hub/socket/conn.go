// Package socket reads and writes the connections of gateways: TCP connections and unix sockets,
// with and without TLS.
//
// A [Conn] gives a gateway:
//
//   - Writes of whole frames, as [hub.Conn] and [hub.TryWriter] require: [Conn.TryWrite] does
//     not wait, and [Conn.Write] waits as long as the peer accepts some bytes now and then. A
//     frame is what the gateway's codec appends for one event. The package does not know its
//     format: an [End] finds the end of a frame. The Conn keeps the rest of a frame that
//     was written in part, and writes it before anything else.
//   - Reads that cost little while a connection is quiet: [Conn.Read] holds no buffer and
//     little stack while it waits.
//   - [Conn.Watch], which notices the end of a peer without reading, as [hub.Watcher] requires.
//   - Methods that end the connection: [Conn.Close], [Conn.Reset], [Conn.Linger] and [Conn.Dismiss].
//   - The same over TLS, after [Conn.StartTLS] or with a connection of a [TLSListener]. Frames are
//     sealed in records of up to 16 KB, at most two at a time. All frames that are sealed count as
//     written, and the Conn keeps what is left of the two records. The end is a close_notify.
//
// Where the system allows it, a Conn uses the descriptor directly, without the Go runtime. A
// [Group] is the Conns of one gateway. They share read buffers, and the Group drops peers that
// are dead or accept no bytes.
//
// One goroutine at a time may call Read, ReadWithin, Watch, Linger or Dismiss. All other
// methods of a Conn may be called from any goroutine; writes exclude each other. A Group may
// be used from any goroutine.
//
// The package imports hub for its errors only.
package socket

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
)

const (
	// WriteTimeout is a gateway's default for how long a peer may accept no bytes. A peer that
	// reads slowly accepts some whenever half of its buffer is free: at 2 KB/s, 64 KB take half
	// a minute.
	WriteTimeout = 60 * time.Second

	// sendBuffer is the size of the kernel's send buffer in bytes. It is small, so that a peer
	// that reads nothing is noticed soon.
	sendBuffer = 64 << 10
)

// An End returns the end of the frame that contains frames[n-1]. The first frame starts at
// frames[0].
type End func(frames []byte, n int) int

// A Conn is a TCP connection or a unix socket of a gateway, perhaps with TLS. Its Write and TryWrite implement those of
// [hub.Conn] and [hub.TryWriter].
//
// A Conn writes to the descriptor without the runtime, which would otherwise keep the
// descriptor open during a write. So every method that ends a Conn first waits until writeMu is
// free, and makes later writes fail.
type Conn struct {
	// The fields that TryWrite needs are adjacent, because they are not in the CPU's cache when
	// a sweep writes to many members.
	writeMu      sync.Mutex  // held while writing
	stopped      atomic.Bool // no more writes
	unresponsive atomic.Bool // stopped because the peer was dropped
	fd           int32
	rest         []byte // of a frame that was written in part; guarded by writeMu
	end          End
	unix         bool // a unix socket
	queue        queue
	tls          *tlsLayer // nil without TLS; set with writeMu held

	nc      stream
	raw     syscall.RawConn
	timeout time.Duration
	within  time.Duration // the timeout of WriteWithin, or 0; guarded by writeMu
	stalled stall
	reader

	deadlineMu sync.Mutex // guards the read deadline while Watch may set it
	readEnded  bool       // by EndReading; guarded by deadlineMu
}

// A stream is a *net.TCPConn or a *net.UnixConn.
type stream interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
	SetWriteBuffer(bytes int) error
}

// ErrUnsupported is the error of Init for a connection that a Conn can't use.
var ErrUnsupported = errors.New("neither a TCP connection nor a unix socket")

// Init initializes c for nc, which is a *net.TCPConn, a *net.UnixConn, or a *tls.Conn of a
// TLSListener after its handshake, and adds it to g. c owns nc from now on. end finds the end of
// frames. A peer is dropped if it accepts no bytes for timeout, or if it is dead: it acknowledges
// nothing, or answers no keep-alive probe, for a minute. Reading and writing then return
// hub.ErrSlow. Init returns an error if the connection has ended already; the caller then still owns
// nc. If the system refuses a socket option, g logs that and c works without it.
func (c *Conn) Init(nc net.Conn, g *Group, end End, timeout time.Duration) error {
	layer, nc := belowTLS(nc)
	tcp, _ := nc.(*net.TCPConn)
	local, _ := nc.(*net.UnixConn)
	switch {
	case tcp != nil:
		c.nc = tcp
	case local != nil:
		c.nc, c.unix = local, true
	default:
		return ErrUnsupported
	}
	if err := c.setOptions(g, tcp); err != nil {
		return err
	}
	raw, err := c.nc.SyscallConn()
	if err != nil {
		return err
	}
	c.raw, c.end, c.timeout = raw, end, timeout
	c.reader.group = g
	c.reader.tryRead = c.reader.read
	err = raw.Control(func(fd uintptr) {
		if tcp != nil {
			g.reportOption("SO_OOBINLINE", inlineUrgent(fd))
		}
		c.fd = int32(fd)
		g.add(c)
	})
	if err == nil && layer != nil {
		c.useTLS(layer)
	}
	return err
}

// setOptions sets the options that have a method in package net. tcp is nil for a unix socket. It
// returns an error if the connection has ended.
func (c *Conn) setOptions(g *Group, tcp *net.TCPConn) error {
	err := c.nc.SetWriteBuffer(sendBuffer)
	if isGone(err) {
		return err
	}
	g.reportOption("SO_SNDBUF", err)
	if tcp == nil {
		return nil
	}
	dead := g.deadTimeout()
	err = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: dead / 2, Interval: dead / 6, Count: 3})
	if isGone(err) {
		return err
	}
	g.reportOption("keep-alive", err)
	return nil
}

// NetConn returns the connection of Init, or the one below its *tls.Conn. A gateway may read from
// it until the first Read or StartTLS.
func (c *Conn) NetConn() net.Conn { return c.nc }

// RemoteAddr returns the peer's address. That of a unix socket is for logs only: on Linux it names
// the process and the user of the peer.
func (c *Conn) RemoteAddr() net.Addr {
	if !c.unix {
		return c.nc.RemoteAddr()
	}
	addr := &net.UnixAddr{Net: "unix", Name: "unix"}
	c.raw.Control(func(fd uintptr) { addr.Name += credentials(fd) })
	return addr
}

// Stop makes a waiting Write, and all later writes, return os.ErrClosed.
func (c *Conn) Stop() {
	c.stopped.Store(true)
	c.nc.SetWriteDeadline(time.Now())
	c.writeMu.Lock() // a writer uses the descriptor until it unlocks
	defer c.writeMu.Unlock()
	c.rest = nil
}

// Close ends reading and writing, and closes the connection. It may be called more than
// once.
func (c *Conn) Close() error {
	c.EndReading()
	c.Stop()
	c.endTLS(false)
	return c.closeFD()
}

// closeFD closes the descriptor. No goroutine may use it any more.
func (c *Conn) closeFD() error {
	c.group.remove(c)
	return c.nc.Close()
}

// IsLagging reports whether the peer has not acknowledged all that was sent. The peer of a unix
// socket has acknowledged what it has read.
func (c *Conn) IsLagging() (lagging bool) {
	c.raw.Control(func(fd uintptr) { lagging = unacknowledged(int32(fd)) > 0 })
	return lagging
}

// drop makes reading and writing return hub.ErrSlow, because the peer is dead or accepts no bytes.
func (c *Conn) drop() {
	c.unresponsive.Store(true)
	c.stopped.Store(true)
	c.nc.SetWriteDeadline(time.Now())
	c.EndReading()
}

// closedErr returns the error of reads and writes after Stop, EndReading or drop.
func (c *Conn) closedErr() error {
	if c.unresponsive.Load() {
		return hub.ErrSlow
	}
	return os.ErrClosed
}

// Reset closes the connection, and the kernel discards what the peer has not accepted. A unix
// socket has no reset: its peer can still read what was written. With TLS the peer gets no
// close_notify.
func (c *Conn) Reset() error {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		c.group.reportOption("SO_LINGER", tcp.SetLinger(0))
	}
	c.Stop()
	c.endTLS(true)
	return c.Close()
}

// Linger ends the sending side, reads and discards what comes until the end of the input, for
// at most d, and closes the connection. Without that, a reset could lose what was written last.
func (c *Conn) Linger(d time.Duration) error {
	c.Stop()
	c.endTLS(false)
	c.nc.SetReadDeadline(time.Now().Add(d))
	if c.nc.CloseWrite() == nil {
		io.Copy(io.Discard, struct{ io.Reader }{c.nc}) // hides splice, which ignores the deadline
	}
	return c.closeFD()
}
