// Package wsgw is the WebSocket gateway. It carries each event in one frame (RFC 6455), as
// text for people or as JSON for programs. The HTTP server accepts TCP connections or unix
// sockets, without TLS or from a [socket.TLSListener]. No limit by address applies to a client over
// a unix socket, and the log names its process.
//
// A connection goes through these steps:
//
//   - Handshake. [Gateway.ServeHTTP] checks the request, asks the hub for a slot, and calls the
//     WebSocket library to upgrade the connection. An answer other than 101 gives the reason
//     why there is no WebSocket. ServeHTTP then starts the session's goroutine and returns.
//   - Session. The goroutine calls [hub.Hub.Serve], which reads lines and requests. A scanner
//     checks every frame before the library joins frames to messages. The hub writes frames
//     directly to the socket, from one goroutine at a time, without the library.
//   - Ping and pong. The hub sends pings, which the codec encodes as frames. The session's
//     goroutine answers the client's pings while it reads. A timer, which runs in its own
//     goroutine, ends reading if no whole frame has arrived for a minute, although the session
//     was reading and the client has acknowledged everything that was sent.
//   - Close. The first side to close sends a close frame, and the other answers it. A breach
//     of the protocol is answered with its close code. After its close frame the server writes
//     nothing, and reads and drops input for a few seconds at most. If the client accepts no
//     byte for WriteTimeout, the gateway resets the connection.
//
// The gateway runs one goroutine per connection, the session's, and [Gateway.Wait] waits for
// all of them. The hub runs another goroutine for a member only while that member is lagging.
package wsgw

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

// readBufferSize is the size of the library's read buffer in bytes. It is as small as
// possible, because the socket.Conn has a buffer.
const readBufferSize = 1

// A Gateway is an http.Handler that connects WebSocket clients to a hub. Its exported fields must
// not change after the first request.
type Gateway struct {
	Hub     *hub.Hub
	MaxLine int // bytes in a line of text, as in hub.Options
	Log     *slog.Logger

	// OriginRefused is called for each request of a page whose origin is not allowed. It may be nil.
	OriginRefused func()

	// MaxFragments bounds the frames of a message. Zero means the constant MaxFragments.
	MaxFragments int

	// WriteTimeout is how long a client may accept no byte before its connection is reset.
	// Zero means socket.WriteTimeout.
	WriteTimeout time.Duration

	group     socket.Group
	writePool sync.Pool               // the library's write buffers, so that no connection holds one
	origins   atomic.Pointer[Origins] // see SetOrigins; nil for none

	mu       sync.Mutex
	closed   bool           // Wait was called; new connections are refused
	sessions sync.WaitGroup // added to with mu held
	// When the log last had a warning of each kind about a refused origin.
	warnedOrigin, warnedHost time.Time // with mu held
}

var _ http.Handler = (*Gateway)(nil)

// ServeHTTP upgrades a request and returns. A goroutine, which Wait waits for, serves the
// connection. It keeps no reference to the request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.checkRequest(w, r) {
		return
	}
	if !g.addSession() {
		http.Error(w, "the server is ending", http.StatusServiceUnavailable)
		return
	}
	slot, err := g.Hub.Admit(address(r))
	if err != nil {
		g.sessions.Done()
		g.turnAway(w, r, err)
		return
	}
	c, err := g.upgrade(w, r)
	if err != nil { // the library has answered
		slot.Leave()
		g.sessions.Done()
		g.Log.Debug("upgrade failed", "transport", "ws", "addr", r.RemoteAddr, "err", err)
		return
	}
	query := r.URL.Query()
	caller := &hub.Caller{
		Via:    "ws",
		Addr:   logAddr(r, c),
		Slot:   slot,
		Nick:   query.Get("nick"),
		Room:   query.Get("room"),
		Since:  query.Get("since"),
		Format: c.format,
	}
	caller.Codecs[c.format] = codec{c.format}
	go func() {
		defer g.sessions.Done()
		defer slot.Leave()
		g.Hub.Serve(context.Background(), caller, c)
	}()
}

// upgrade completes the handshake and returns the connection. If it returns an error, the
// library has answered the request.
func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request) (*conn, error) {
	format, header := chooseFormat(r)
	u := websocket.Upgrader{
		ReadBufferSize:  readBufferSize,
		WriteBufferPool: &g.writePool,
		CheckOrigin:     func(*http.Request) bool { return true }, // checkRequest has checked it
	}
	h := &hijacker{ResponseWriter: w, group: &g.group, timeout: cmp.Or(g.WriteTimeout, socket.WriteTimeout)}
	ws, err := u.Upgrade(h, r, header)
	if err != nil {
		return nil, err
	}
	h.conn.scanner.maxFragments = cmp.Or(g.MaxFragments, MaxFragments)
	h.conn.startFrames(ws, format, wire.MaxMessage(g.MaxLine))
	return h.conn, nil
}

// turnAway answers a request that the hub does not admit. The answer has the reason and a
// Retry-After header.
func (g *Gateway) turnAway(w http.ResponseWriter, r *http.Request, reason error) {
	g.Log.Debug("client turned away", "transport", "ws", "addr", r.RemoteAddr, "reason", reason)
	status, retryAfter := http.StatusTooManyRequests, "60"
	switch {
	case errors.Is(reason, admission.ErrStarting):
		status, retryAfter = http.StatusServiceUnavailable, "2"
	case errors.Is(reason, admission.ErrFull):
		status, retryAfter = http.StatusServiceUnavailable, "30"
	case errors.Is(reason, admission.ErrAddressFull):
		retryAfter = "10"
	}
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, reason.Error(), status)
}

// address returns the IP address of a client, or the zero Addr if it comes over a unix socket.
func address(r *http.Request) netip.Addr {
	a, _ := netip.ParseAddrPort(r.RemoteAddr)
	return a.Addr()
}

// logAddr returns the address of a client for the log.
func logAddr(r *http.Request, c *conn) string {
	if address(r).IsValid() {
		return r.RemoteAddr
	}
	return c.Conn.RemoteAddr().String()
}

// addSession adds a session for Wait to wait for. It returns false after Wait.
func (g *Gateway) addSession() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.group.SetLog(g.Log)
		g.sessions.Add(1)
	}
	return !g.closed
}

// Wait refuses new connections and blocks until all sessions have ended. The hub's Shutdown
// ends them.
func (g *Gateway) Wait() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.sessions.Wait()
}

// A hijacker makes a conn of the connection of an HTTP request, and passes it to the library.
type hijacker struct {
	http.ResponseWriter
	group   *socket.Group
	timeout time.Duration
	conn    *conn
}

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	nc, unread := socket.Unwrap(nc)
	h.conn = new(conn)
	if err := h.conn.Init(nc, h.group, endOfFrame, h.timeout); err != nil {
		nc.Close()
		return nil, nil, err
	}
	// A client may send frames before it has the response, and net/http may have read some of
	// them. The conn keeps them. The library rejects a connection with such bytes, so they are
	// removed from its reader.
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.conn.in = slices.Concat(early, unread)
	rw.Reader.Discard(len(early))
	return (*libraryConn)(&h.conn.frameConn), rw, nil
}
