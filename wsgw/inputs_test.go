package wsgw

import (
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

func TestInputs(t *testing.T) {
	networks := hubtest.Networks
	if testing.Short() {
		networks = []hubtest.Network{hubtest.TCP, hubtest.TLSOverTCP}
	}
	for _, network := range networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			open := func(t *testing.T, h *hub.Hub) func(wire.Format) hubtest.Client { return openTransport(t, h, network) }
			hubtest.TestInputs(t, hubtest.Transport{Name: "ws", Open: open}, "../docs/inputs.txt")
		})
	}
}

func openTransport(t *testing.T, h *hub.Hub, network hubtest.Network) func(wire.Format) hubtest.Client {
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	t.Cleanup(g.Wait)
	ln := serveOn(t, network, g)
	return func(f wire.Format) hubtest.Client {
		_, ws := dialOn(t, ln, [...]string{wire.Text: protocolText, wire.JSON: protocolJSON}[f])
		ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		return &browser{t, ws}
	}
}

// A browser is a client that sends messages and receives events.
type browser struct {
	t  *testing.T
	ws *websocket.Conn
}

func (b *browser) Send(kind hubtest.Kind, data []byte) {
	opcode := websocket.TextMessage
	if kind == hubtest.BinaryMessage {
		opcode = websocket.BinaryMessage
	}
	if err := b.ws.WriteMessage(opcode, data); err != nil {
		b.t.Error(err)
	}
}

func (b *browser) Receive() (event, end string) {
	_, data, err := b.ws.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return "", strconv.Itoa(closed.Code)
	case err != nil:
		return "", err.Error()
	}
	return string(data), ""
}

func (b *browser) Leave() {
	b.ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
}
