package tcpgw

import (
	"bufio"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// TestInputs runs the table over each network, and at an address that is shared with HTTP.
func TestInputs(t *testing.T) {
	networks, shared := hubtest.Networks, []hubtest.Network{hubtest.TCP, hubtest.TLSOverTCP}
	if testing.Short() {
		networks, shared = shared, nil
	}
	for _, network := range networks {
		t.Run(network.Name, func(t *testing.T) { testInputs(t, network, &Gateway{}) })
	}
	for _, network := range shared {
		t.Run("shared "+network.Name, func(t *testing.T) {
			testInputs(t, network, sharing(&Gateway{helloWait: time.Millisecond}))
		})
	}
}

// testInputs runs the table. It sets the rest of g.
func testInputs(t *testing.T, network hubtest.Network, g *Gateway) {
	t.Parallel()
	open := func(t *testing.T, h *hub.Hub) func(wire.Format) hubtest.Client {
		g := &Gateway{Hub: h, HTTP: g.HTTP, Waiting: g.Waiting, helloWait: g.helloWait}
		return openGateway(t, g, network)
	}
	hubtest.TestInputs(t, hubtest.Transport{Name: "tcp", Open: open}, "../docs/inputs.txt")
}

func openGateway(t *testing.T, g *Gateway, network hubtest.Network) func(wire.Format) hubtest.Client {
	ln := network.Listen(t)
	g.MaxLine, g.Web, g.Log = 4096, "http://chat.example/", slog.New(slog.DiscardHandler)
	g.openingWait, g.requestWait = time.Millisecond, time.Millisecond // the clients send nothing before the welcome
	if g.TLS = ln.TLS; ln.TLS != nil {
		g.helloWait = time.Minute
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	t.Cleanup(func() {
		ln.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return func(f wire.Format) hubtest.Client {
		c := ln.Dial(t)
		c.SetDeadline(time.Now().Add(20 * time.Second))
		n := &netcat{t, c, bufio.NewReader(c), f == wire.JSON}
		if f == wire.JSON {
			n.Send(hubtest.LineOfText, []byte("/format json"))
		}
		return n
	}
}

// netcat is a client that sends and receives raw bytes.
type netcat struct {
	t    *testing.T
	conn *hubtest.Socket
	in   *bufio.Reader
	skip bool // lines before the first JSON object are skipped
}

func (n *netcat) Send(kind hubtest.Kind, data []byte) {
	if kind == hubtest.LineOfText {
		data = append(data[:len(data):len(data)], '\n')
	}
	if _, err := n.conn.Write(data); err != nil {
		n.t.Error(err)
	}
}

func (n *netcat) Receive() (event, end string) {
	for {
		line, err := n.readLine()
		switch {
		case err == io.EOF && line == "":
			return "", "eof"
		case err != nil:
			return "", err.Error()
		case n.skip && line[0] != '{':
			continue
		}
		n.skip = false
		return strings.TrimSuffix(line, "\n"), ""
	}
}

// readLine reads a line without telnet answers.
func (n *netcat) readLine() (line string, err error) {
	for !strings.HasSuffix(line, "\n") {
		c, err := n.in.ReadByte()
		if err == nil && c == iac {
			_, err = n.in.Discard(2)
		} else if err == nil {
			line += string([]byte{c})
		}
		if err != nil {
			return line, err
		}
	}
	return line, nil
}

func (n *netcat) Leave() { n.conn.CloseWrite() }
