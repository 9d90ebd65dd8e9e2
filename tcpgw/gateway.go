// Package tcpgw is the gateway for TCP clients such as netcat and telnet. Requests and events
// are lines of text. It also serves unix sockets. The log names the process of such a client, and
// no limit by address applies to it.
//
// A connection goes through these steps:
//
//  1. Accept: [Gateway.Serve] accepts the connection and sets its socket options.
//  2. PROXY header: if the peer is one of Gateway.Proxies, a goroutine reads the header, which
//     contains the client's address. If there is no header, the connection is closed.
//  3. Admission: the hub checks its limits. If it does not admit the client, the gateway
//     sends the reason and closes the connection.
//  4. Opening: a goroutine waits for the first line that is not blank, for at most 50 ms. If the
//     line belongs to another protocol, such as HTTP, SSH or TLS, the gateway sends one answer and
//     closes the connection. An opening that is incomplete by then is checked during the session.
//     If the gateway has TLS, the goroutine waits up to 500 ms for the first byte. If the stream
//     begins with a ClientHello, it does the handshake, for at most 10 s, and then waits for the
//     opening again, inside of TLS.
//  5. Session: a goroutine runs [hub.Hub.Serve], which reads lines and sends events until the
//     client leaves, an error occurs, or the hub shuts down.
//  6. Close: the gateway sends FIN, after a close_notify if there is TLS, and then reads and drops
//     input for at most a second, since closing a socket with unread input resets the connection,
//     and the client may lose the last line. If the client accepts no byte for WriteTimeout, the
//     gateway resets the connection.
//
// If the gateway shares its address with an HTTP server (Gateway.HTTP), the opening comes before the
// admission, since limits of members do not apply to an HTTP client. Gateway.Waiting limits the
// connections until then. The opening has 500 ms, and passes on a connection whose first line is an
// HTTP request or the start of one, and one that has named HTTP in the TLS handshake (ALPN). A proxy
// may then speak HTTP without a PROXY header.
//
// Steps 2, 4 and 5 each have a goroutine of their own, so that a session starts with a small
// stack. Only one of them runs at a time for a connection. A connection that is turned away has
// a goroutine until it is closed; there are at most maxLingering of these. The hub writes events
// from its own goroutines. Serve waits for all goroutines of its connections.
//
// The hub's Shutdown ends the sessions. Until a session begins to read, and while a connection that is
// turned away is drained, the connection is in Gateway.sessionless. When the listener is closed, these
// have settleTime to get a session, which [Gateway.Settle] waits for: the clients then get a welcome
// before the goodbye. Serve closes the rest.
package tcpgw

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

// A Gateway connects TCP clients to a hub. Its exported fields must not change after the first
// call of Serve.
type Gateway struct {
	Hub     *hub.Hub
	MaxLine int    // bytes in a line of text, as in hub.Options
	Web     string // the address of the web page, for HTTP clients; "" if there is none
	Log     *slog.Logger

	// Proxies are the networks of proxies. Each connection from them must start with a PROXY
	// header (version 1 or 2 of the PROXY protocol) that contains the client's address.
	Proxies *admission.Networks
	// HeaderTimeout bounds the wait for the PROXY header.
	HeaderTimeout time.Duration

	// TLS is for clients that begin with a TLS handshake. All other clients are served without TLS.
	// If it is nil, a TLS client is turned away like any other protocol.
	TLS *tls.Config

	// HTTP, if it is not nil, gets each connection that begins with an HTTP request, without TLS or
	// in TLS, and each whose client has chosen a protocol of TLS.NextProtos. It owns the connection,
	// a result of [socket.NewEarlyConn], and must return soon.
	HTTP func(net.Conn)
	// Waiting admits connections until it is known whether they speak HTTP; those that do not are
	// then admitted by the hub. It must not be nil if HTTP is not nil.
	Waiting Gate
	// DirectHTTP says that HTTP also gets requests from Proxies that come without a PROXY header.
	DirectHTTP bool

	// WriteTimeout is how long a client may accept no byte before its connection is reset.
	// Zero means socket.WriteTimeout.
	WriteTimeout time.Duration

	openingWait time.Duration // zero means the constant openingWait; tests set it
	helloWait   time.Duration // zero means the constant helloWait; tests set it
	requestWait time.Duration // zero means the constant requestWait; tests set it

	tlsOnce   sync.Once
	tlsConfig *tls.Config // a copy of TLS; set by Serve

	group       socket.Group
	sessionless connSet        // connections without a session
	settling    sync.WaitGroup // calls of Serve whose clients have no sessions yet
	lingering   atomic.Int32   // connections that are turned away and drained
}

// A Gate admits connections. The caller must call Leave on the Slot when the wait has ended.
type Gate interface {
	Admit(netip.Addr) (admission.Slot, error)
}

var _ Gate = (*admission.Gate)(nil)

// maxLingering bounds the connections that are turned away and drained at the same time.
const maxLingering = 64

// settleTime is how long Serve waits for sessions after the listener was closed. It is longer than
// openingWait.
const settleTime = 2 * openingWait

// Settle waits, after the listener was closed, until the clients that have connected before have
// sessions, or do not get one soon.
func (g *Gateway) Settle() { g.settling.Wait() }

// Serve accepts connections from ln until ln is closed. Then it closes the connections that do not get
// a session soon, waits for the sessions, which the hub's Shutdown ends, and returns nil. If Accept
// fails, for example for lack of descriptors, Serve waits and tries again.
func (g *Gateway) Serve(ln net.Listener) error {
	g.group.SetLog(g.Log)
	g.tlsOnce.Do(func() {
		if g.TLS != nil {
			g.tlsConfig = socket.TLSConfig(g.TLS)
		}
	})
	var serving sync.WaitGroup
	defer serving.Wait()
	g.settling.Add(1)
	defer g.settling.Done()
	pause := time.Duration(0)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			g.accept(nc, &serving)
		case errors.Is(err, net.ErrClosed):
			g.sessionless.awaitEmpty(settleTime)
			g.sessionless.close()
			return nil
		default:
			if pause == 0 {
				g.Log.Error("accept failed", "transport", "tcp", "err", err)
			}
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

// accept starts to serve a new connection.
func (g *Gateway) accept(nc net.Conn, serving *sync.WaitGroup) {
	c := g.newConn(nc)
	switch {
	case c == nil:
	case !g.sessionless.add(c):
		c.Reset()
	case g.isProxy(c.RemoteAddr()):
		serving.Go(func() { g.acceptProxied(c, serving) })
	default:
		g.admit(arrival{conn: c}, serving)
	}
}

// newConn returns a conn for nc. If that fails, it closes nc and returns nil.
func (g *Gateway) newConn(nc net.Conn) *conn {
	c, err := newConn(nc, &g.group, g.MaxLine, cmp.Or(g.WriteTimeout, socket.WriteTimeout))
	if err != nil {
		if errors.Is(err, socket.ErrUnsupported) { // any other error: the peer has closed the connection already
			g.Log.Error("connection closed", "transport", "tcp", "addr", nc.RemoteAddr(), "err", err)
		}
		nc.Close()
		return nil
	}
	c.opening.web, c.tls = g.Web, g.tlsConfig
	return c
}

// An arrival is a connection without a session.
type arrival struct {
	*conn
	header   socket.ProxyHeader // zero if there is none
	early    []byte             // input that was read already
	noHeader error              // why a proxy has sent no address of a client, so that it may only speak HTTP; or nil
}

// from returns the client's address.
func (a arrival) from() net.Addr {
	if a.header.From != nil {
		return a.header.From
	}
	return a.RemoteAddr()
}

// admit asks the hub, or Waiting if the client may speak HTTP, to admit a client, and then reads the
// opening or turns the client away.
func (g *Gateway) admit(a arrival, serving *sync.WaitGroup) {
	admit := g.Hub.Admit
	if g.HTTP != nil {
		admit = g.Waiting.Admit
	}
	slot, err := admit(address(a.from()))
	if err != nil {
		g.sessionless.remove(a.conn)
		g.turnAway(a.conn, a.from(), err, serving)
		return
	}
	serving.Go(func() { g.readOpening(a, slot, serving) })
}

// readOpening reads the opening, and then starts a session, passes the connection to HTTP or turns
// the client away. slot is that of the hub, or of Waiting.
func (g *Gateway) readOpening(a arrival, slot admission.Slot, serving *sync.WaitGroup) {
	err := a.readOpening(a.early, g.waits())
	if g.HTTP == nil && err == nil {
		g.startSession(a, slot, serving)
		return
	}
	slot.Leave()
	if err == nil && a.noHeader == nil {
		if slot, err = g.Hub.Admit(address(a.from())); err == nil {
			g.startSession(a, slot, serving)
			return
		}
		g.sessionless.remove(a.conn)
		g.turnAway(a.conn, a.from(), err, serving)
		return
	}
	g.sessionless.remove(a.conn)
	switch {
	case g.HTTP != nil && isHTTP(err):
		g.passOn(a)
	case a.noHeader != nil:
		g.rejectProxy(a.conn, a.noHeader, serving)
	default:
		g.endOpening(a, err, serving)
	}
}

// startSession starts a session. The connection is sessionless until the session reads or has ended.
func (g *Gateway) startSession(a arrival, slot admission.Slot, serving *sync.WaitGroup) {
	c, caller := a.conn, newCaller(a.from())
	caller.Slot = slot
	c.sessionless = &g.sessionless
	serving.Go(func() {
		defer slot.Leave()
		defer g.sessionless.remove(c)
		g.Hub.Serve(context.Background(), caller, c)
	})
}

// endOpening ends a connection because of the error of its opening.
func (g *Gateway) endOpening(a arrival, err error, serving *sync.WaitGroup) {
	if _, ok := errors.AsType[*foreignError](err); ok {
		g.turnAway(a.conn, a.from(), err, serving)
		return
	}
	g.Log.Debug("connection lost before the session", "transport", "tcp", "addr", a.from(), "err", err)
	if _, ok := errors.AsType[*handshakeError](err); ok { // the client may have been sent an alert
		g.drain(a.conn, serving)
	} else {
		a.Reset()
	}
}

// passOn gives a connection to HTTP.
func (g *Gateway) passOn(a arrival) {
	nc, more, err := a.Release()
	if err != nil { // dropped, or closed by Serve
		a.Reset()
		return
	}
	g.HTTP(socket.NewEarlyConn(nc, append(a.lines.unread, more...), a.header))
}

// turnAway sends the reason and ends the connection. It does not wait.
func (g *Gateway) turnAway(c *conn, from net.Addr, reason error, serving *sync.WaitGroup) {
	g.Log.Debug("client turned away", "transport", "tcp", "addr", from, "reason", reason)
	c.TryLast(lastAnswer(reason))
	g.drain(c, serving)
}

// drain ends the connection. It does not wait: a goroutine drains the connection. If maxLingering
// connections are being drained, drain drops only the input that has arrived, and closes the
// connection at once.
func (g *Gateway) drain(c *conn, serving *sync.WaitGroup) {
	if g.lingering.Add(1) > maxLingering || !g.sessionless.add(c) {
		g.lingering.Add(-1)
		c.Dismiss()
		return
	}
	serving.Go(func() {
		defer g.lingering.Add(-1)
		defer g.sessionless.remove(c)
		c.Linger(lingerTime)
	})
}

// lastAnswer returns the bytes that a client receives when it is turned away for a reason.
func lastAnswer(reason error) []byte {
	if f, ok := errors.AsType[*foreignError](reason); ok {
		return f.answer
	}
	return textCodec{}.Append(nil, &wire.Refusal{Message: reason.Error()})
}

// address returns the IP address in a, or the zero Addr if there is none.
func address(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr()
}

func newCaller(from net.Addr) *hub.Caller {
	return &hub.Caller{
		Via:    "tcp",
		Addr:   from.String(),
		Format: wire.Text,
		Codecs: [2]hub.Codec{wire.Text: textCodec{}, wire.JSON: jsonCodec{}},
	}
}
