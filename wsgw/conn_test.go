package wsgw

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"

	"partyline/hub/hubtest"
	"partyline/hub/socket"
	"partyline/hub/wire"
)

func TestConn(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			hubtest.TestConn(t, func(t *testing.T) hubtest.Pair { return openPair(t, network) })
		})
	}
}

func openPair(t *testing.T, network hubtest.Network) hubtest.Pair {
	g := &Gateway{MaxLine: 4096, Log: slog.New(slog.DiscardHandler), WriteTimeout: hubtest.WriteTimeout}
	conns := make(chan *conn, 1)
	ln := serveOn(t, network, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := g.upgrade(w, r)
		if err != nil {
			t.Error(err)
		}
		conns <- c
	}))
	client, ws := dialOn(t, ln)
	c := <-conns
	t.Cleanup(func() { c.Conn.Close() })
	return hubtest.Pair{Conn: c, Codec: codec{wire.Text}, Peer: &peer{t, client, ws}, NoReset: !network.HasReset()}
}

// serveOn serves handler on a network until the end of the test.
func serveOn(t *testing.T, network hubtest.Network, handler http.Handler) *hubtest.Listener {
	t.Helper()
	ln := network.Listen(t)
	server := &httptest.Server{Listener: ln, Config: &http.Server{Handler: handler}}
	if ln.TLS != nil {
		server.Listener = socket.TLSListener(ln, ln.TLS)
	}
	server.Start()
	t.Cleanup(server.Close)
	return ln
}

// dialOn opens a WebSocket. It returns the connection below it too.
func dialOn(t *testing.T, ln *hubtest.Listener, subprotocols ...string) (*hubtest.Socket, *websocket.Conn) {
	t.Helper()
	client := ln.Dial(t)
	dialer := websocket.Dialer{
		NetDial:      func(string, string) (net.Conn, error) { return client, nil },
		Subprotocols: subprotocols,
	}
	ws, _, err := dialer.Dial("ws://localhost/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, ws
}

// A peer is a client that uses the text format.
type peer struct {
	t    *testing.T
	conn *hubtest.Socket
	ws   *websocket.Conn
}

func (p *peer) Send(line string) {
	if err := p.ws.WriteMessage(websocket.TextMessage, []byte(line)); err != nil {
		p.t.Error(err)
	}
}

// Receive returns io.EOF for a close frame.
func (p *peer) Receive() (string, error) {
	_, text, err := p.ws.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure {
		err = io.EOF
	}
	return string(text), err
}

func (p *peer) Leave() {
	p.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
}

func (p *peer) End() { p.conn.End() }

func (p *peer) Break() { p.conn.Reset() }
