// Package wsgw is the WebSocket gateway. It carries each event in one frame (RFC 6455), as
// text for people or as JSON for programs.
//
// A connection goes through these steps:
//
//   - Handshake. [Gateway.ServeHTTP] checks the request, takes an admission slot from the hub
//     and has the WebSocket library upgrade the connection. An answer other than 101 says why
//     there is no WebSocket. ServeHTTP then starts the session's goroutine and returns.
//   - Session. The goroutine calls [hub.Hub.Serve], which reads lines and requests. A scanner
//     checks every frame before the library joins frames to messages. The hub writes frames
//     directly to the socket, from one goroutine at a time, without the library.
//   - Ping and pong. The hub sends pings, as frames that the codec makes. The session's
//     goroutine answers the client's pings while it reads. A timer, in a goroutine of its own
//     when it fires, ends reading if no whole frame has come for a minute while the session
//     was reading and the client has acknowledged all that was sent.
//   - Close. The first side to close sends a close frame, and the other answers it. A breach
//     of the protocol is answered with its close code. After the server's close frame nothing
//     more is written, and what the client still sends is read and dropped for a few seconds
//     at most. A client that accepts no bytes is reset.
//
// The gateway runs one goroutine per connection, the session's, and [Gateway.Wait] waits for
// all of them. The hub runs another one for a member only while that member is lagging.
package wsgw

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
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

// A Gateway is an http.Handler that upgrades requests to WebSockets and serves these as
// members of a hub. Its fields must not change after the first request.
type Gateway struct {
	Hub     *hub.Hub
	MaxLine int // bytes in a line of text; the same as the Hub's
	Origins Origins
	Log     *slog.Logger

	// MaxFragments bounds the frames of a message. Zero means the constant MaxFragments.
	MaxFragments int

	// WriteTimeout is how long a client may accept no bytes before it is disconnected. Zero
	// means socket.WriteTimeout.
	WriteTimeout time.Duration

	group     socket.Group
	writePool sync.Pool // the library's write buffers, so that no connection holds one

	mu       sync.Mutex
	closed   bool           // Wait was called: no new connections
	sessions sync.WaitGroup // added to with mu held
}

var _ http.Handler = (*Gateway)(nil)

// ServeHTTP upgrades a request and returns. A goroutine, which Wait waits for, serves the
// connection; it keeps nothing of the request.
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
	caller := hub.Caller{
		Via:    "ws",
		Addr:   r.RemoteAddr,
		Slot:   slot,
		Nick:   query.Get("nick"),
		Room:   query.Get("room"),
		Since:  query.Get("since"),
		Format: c.format,
	}
	caller.Codecs[c.format] = frames{c.format}
	go func() {
		defer g.sessions.Done()
		defer slot.Leave()
		g.Hub.Serve(context.Background(), caller, c)
	}()
}

// upgrade completes the handshake and returns the connection. After an error the response is
// written.
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

// turnAway answers a request that the hub does not admit with the reason, and with the time
// after which the client may try again.
func (g *Gateway) turnAway(w http.ResponseWriter, r *http.Request, reason error) {
	g.Log.Debug("client turned away", "transport", "ws", "addr", r.RemoteAddr, "reason", reason)
	status, retryAfter := http.StatusTooManyRequests, "60"
	switch {
	case errors.Is(reason, admission.ErrFull):
		status, retryAfter = http.StatusServiceUnavailable, "30"
	case errors.Is(reason, admission.ErrAddressFull):
		retryAfter = "10"
	}
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, reason.Error(), status)
}

func address(r *http.Request) netip.Addr {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return addr.Addr()
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

// Wait refuses new connections and blocks until all sessions have ended. The Hub's Shutdown
// ends them.
func (g *Gateway) Wait() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.sessions.Wait()
}

// A hijacker gives the library a new conn for the connection of an HTTP request.
type hijacker struct {
	http.ResponseWriter
	group   *socket.Group
	timeout time.Duration
	conn    *conn
}

var errNotTCP = errors.New("the HTTP connection is not a TCP connection")

// Hijack implements [http.Hijacker].
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	tcp, ok := nc.(*net.TCPConn)
	if !ok {
		nc.Close()
		return nil, nil, errNotTCP
	}
	h.conn = new(conn)
	if err := h.conn.Init(tcp, h.group, endOfFrame, h.timeout); err != nil {
		nc.Close()
		return nil, nil, err
	}
	// A client may send frames before it has the response. The server may have read some of
	// them by chance, so the conn keeps them. The library refuses such bytes and must not
	// receive them.
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.conn.in = bytes.Clone(early)
	rw.Reader.Discard(len(early))
	return (*libraryConn)(&h.conn.frameConn), rw, nil
}
