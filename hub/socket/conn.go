// Package socket reads and writes the TCP connections of gateways.
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

// A Conn is a TCP connection of a gateway. Its Write and TryWrite implement those of
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

	tcp     *net.TCPConn
	raw     syscall.RawConn
	timeout time.Duration
	stalled stall
	reader

	deadlineMu sync.Mutex // guards the read deadline while Watch may set it
	readEnded  bool       // by EndReading; guarded by deadlineMu
}

// Init initializes c for tcp, which c owns from now on, and adds it to g. end finds the end of
// frames. A peer is dropped if it accepts no bytes for timeout, or if it is dead: it
// acknowledges nothing, or answers no keep-alive probe, for a minute. Reading and writing then
// return hub.ErrSlow. Init returns an error if the connection has ended already. If the system
// refuses a socket option, g logs that and c works without it.
func (c *Conn) Init(tcp *net.TCPConn, g *Group, end End, timeout time.Duration) error {
	dead := g.deadTimeout()
	keepAlive := net.KeepAliveConfig{Enable: true, Idle: dead / 2, Interval: dead / 6, Count: 3}
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
		g.reportOption(o.name, o.err)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	c.tcp, c.raw, c.end, c.timeout = tcp, raw, end, timeout
	c.reader.group = g
	c.reader.tryRead = c.reader.read
	return raw.Control(func(fd uintptr) {
		g.reportOption("SO_OOBINLINE", inlineUrgent(fd))
		c.fd = int32(fd)
		g.add(c)
	})
}

// TCP returns the connection. A gateway may read from it until the first Read.
func (c *Conn) TCP() *net.TCPConn { return c.tcp }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.tcp.RemoteAddr() }

// Stop makes a waiting Write, and all later writes, return os.ErrClosed.
func (c *Conn) Stop() {
	c.stopped.Store(true)
	c.tcp.SetWriteDeadline(time.Now())
	c.writeMu.Lock() // a writer uses the descriptor until it unlocks
	defer c.writeMu.Unlock()
	c.rest = nil
}

// Close ends reading and writing, and closes the connection. It may be called more than
// once.
func (c *Conn) Close() error {
	c.EndReading()
	c.Stop()
	return c.closeTCP()
}

// closeTCP closes the descriptor. No goroutine may use it any more.
func (c *Conn) closeTCP() error {
	c.group.remove(c)
	return c.tcp.Close()
}

// IsLagging reports whether the peer has not acknowledged all that was sent.
func (c *Conn) IsLagging() (lagging bool) {
	c.raw.Control(func(fd uintptr) { lagging = unacknowledged(int32(fd)) > 0 })
	return lagging
}

// drop makes reading and writing return hub.ErrSlow, because the peer is dead or accepts no bytes.
func (c *Conn) drop() {
	c.unresponsive.Store(true)
	c.stopped.Store(true)
	c.tcp.SetWriteDeadline(time.Now())
	c.EndReading()
}

// closedErr returns the error of reads and writes after Stop, EndReading or drop.
func (c *Conn) closedErr() error {
	if c.unresponsive.Load() {
		return hub.ErrSlow
	}
	return os.ErrClosed
}

// Reset closes the connection, and the kernel discards what the peer has not accepted.
func (c *Conn) Reset() error {
	c.group.reportOption("SO_LINGER", c.tcp.SetLinger(0))
	return c.Close()
}

// Linger ends the sending side, reads and discards what comes until the end of the input, for
// at most d, and closes the connection. Without that, a reset could lose what was written last.
func (c *Conn) Linger(d time.Duration) error {
	c.Stop()
	c.tcp.SetReadDeadline(time.Now().Add(d))
	if c.tcp.CloseWrite() == nil {
		io.Copy(io.Discard, struct{ io.Reader }{c.tcp}) // hides splice, which ignores the deadline
	}
	return c.closeTCP()
}
