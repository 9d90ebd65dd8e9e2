package wsgw

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

func TestConn(t *testing.T) {
	hubtest.TestConn(t, func(t *testing.T) hubtest.Pair {
		g := &Gateway{MaxLine: 4096, Log: slog.New(slog.DiscardHandler), WriteTimeout: hubtest.WriteTimeout}
		conns := make(chan *conn, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := g.upgrade(w, r)
			if err != nil {
				t.Error(err)
			}
			conns <- c
		}))
		t.Cleanup(server.Close)
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
		if err != nil {
			t.Fatal(err)
		}
		c := <-conns
		t.Cleanup(func() {
			ws.Close()
			c.Conn.Close()
		})
		return hubtest.Pair{Conn: c, Codec: codec{wire.Text}, Peer: &peer{t, ws}}
	})
}

// A peer is a client that uses the text format.
type peer struct {
	t  *testing.T
	ws *websocket.Conn
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

func (p *peer) End() { p.ws.NetConn().(*net.TCPConn).CloseWrite() }

func (p *peer) Break() {
	hubtest.Reset(p.ws.NetConn().(*net.TCPConn))
}
