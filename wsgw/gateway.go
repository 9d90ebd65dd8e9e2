// Package wsgw is the door for browsers and bots: events over WebSocket (RFC 6455), one a
// frame.
package wsgw

import (
	"bufio"
	"bytes"
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

// readBuffer is the library's own and the least it can be: the link has a larger one.
const readBuffer = 1

// A Gateway is the http.Handler that puts WebSockets on the line.
type Gateway struct {
	Hub     *hub.Hub
	MaxLine int // bytes in a line of text, as the Hub's
	Origins Origins
	Log     *slog.Logger

	// MaxFragments bounds the frames of a message; 0 means the constant of this name.
	MaxFragments int

	// WriteTimeout is how long a client may take nothing before it is cut; 0 means
	// socket.WriteTimeout.
	WriteTimeout time.Duration

	group   socket.Group
	outputs sync.Pool // unused by control frames, so that no connection holds one

	mu      sync.Mutex
	ended   bool           // Wait was called: nobody new comes in
	serving sync.WaitGroup // added to under mu
}

var _ http.Handler = (*Gateway)(nil)

// ServeHTTP upgrades a request and returns; the connection goes on in a goroutine of its
// own, which keeps nothing of the request. Wait waits for these.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.admit(w, r) {
		return
	}
	if !g.begin() {
		http.Error(w, "the server is ending", http.StatusServiceUnavailable)
		return
	}
	seat, err := g.Hub.Admit(address(r))
	if err != nil {
		g.serving.Done()
		g.turnAway(w, r, err)
		return
	}
	c, err := g.upgrade(w, r)
	if err != nil { // the client was told
		seat.Leave()
		g.serving.Done()
		g.Log.Debug("no WebSocket", "addr", r.RemoteAddr, "err", err)
		return
	}
	query := r.URL.Query()
	who := hub.Caller{
		Via:    "ws",
		Addr:   r.RemoteAddr,
		Slot:   seat,
		Nick:   query.Get("nick"),
		Room:   query.Get("room"),
		Since:  query.Get("since"),
		Format: c.format,
	}
	who.Codecs[c.format] = frames{c.format}
	go func() {
		defer g.serving.Done()
		defer seat.Leave()
		g.Hub.Serve(context.Background(), who, c)
	}()
}

func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request) (*conn, error) {
	format, header := chooseFormat(r)
	u := websocket.Upgrader{
		ReadBufferSize:  readBuffer,
		WriteBufferPool: &g.outputs,
		CheckOrigin:     func(*http.Request) bool { return true }, // admit did
	}
	timeout := g.WriteTimeout
	if timeout == 0 {
		timeout = socket.WriteTimeout
	}
	fragments := g.MaxFragments
	if fragments == 0 {
		fragments = MaxFragments
	}
	h := &hijacker{ResponseWriter: w, group: &g.group, timeout: timeout}
	ws, err := u.Upgrade(h, r, header)
	if err != nil {
		return nil, err
	}
	h.conn.scanner.most = fragments
	h.conn.begin(ws, format, wire.MaxMessage(g.MaxLine))
	return h.conn, nil
}

// turnAway tells a client why it can't come in now, and when it may try again.
func (g *Gateway) turnAway(w http.ResponseWriter, r *http.Request, why error) {
	g.Log.Debug("turned away", "door", "ws", "addr", r.RemoteAddr, "why", why)
	status, after := http.StatusTooManyRequests, "60"
	switch {
	case errors.Is(why, admission.ErrFull):
		status, after = http.StatusServiceUnavailable, "30"
	case errors.Is(why, admission.ErrAddressFull):
		after = "10"
	}
	w.Header().Set("Retry-After", after)
	http.Error(w, why.Error(), status)
}

func address(r *http.Request) netip.Addr {
	addr, _ := netip.ParseAddrPort(r.RemoteAddr)
	return addr.Addr()
}

// begin reports whether one more connection may come in, which serving counts then.
func (g *Gateway) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.ended {
		g.group.SetLog(g.Log)
		g.serving.Add(1)
	}
	return !g.ended
}

// Wait lets nobody new in and blocks until all connections are off the line; ending them
// is the Hub's Shutdown.
func (g *Gateway) Wait() {
	g.mu.Lock()
	g.ended = true
	g.mu.Unlock()
	g.serving.Wait()
}

// hijacker puts a conn under the library.
type hijacker struct {
	http.ResponseWriter
	group   *socket.Group
	timeout time.Duration
	conn    *conn
}

var errNotTCP = errors.New("the connection under HTTP is not TCP")

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
	if err := h.conn.Init(tcp, h.group, socket.EndOfFrame, h.timeout); err != nil {
		nc.Close()
		return nil, nil, err
	}
	// Frames may come before the client has its answer. How many of them the server has
	// read is chance, so they all count, and the library, which refuses such, sees none.
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	h.conn.in = bytes.Clone(early)
	rw.Reader.Discard(len(early))
	return (*libraryConn)(&h.conn.link), rw, nil
}
