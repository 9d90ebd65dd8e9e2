package tcpgw

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

func TestInputs(t *testing.T) {
	hubtest.TestInputs(t, hubtest.Transport{Name: "tcp", Open: openGateway}, "../docs/inputs.txt")
}

func openGateway(t *testing.T, h *hub.Hub) func(wire.Format) hubtest.Client {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{
		Hub: h, MaxLine: 4096, Web: "http://chat.example/", Log: slog.New(slog.DiscardHandler),
		openingWait: time.Millisecond, // the clients send nothing before the welcome
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
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(20 * time.Second))
		n := &netcat{t, c.(*net.TCPConn), bufio.NewReader(c), f == wire.JSON}
		if f == wire.JSON {
			n.Send(hubtest.LineOfText, []byte("/format json"))
		}
		return n
	}
}

// netcat is a client that sends and receives raw bytes.
type netcat struct {
	t    *testing.T
	tcp  *net.TCPConn
	in   *bufio.Reader
	skip bool // lines before the first JSON object are skipped
}

func (n *netcat) Send(kind hubtest.Kind, data []byte) {
	if kind == hubtest.LineOfText {
		data = append(data[:len(data):len(data)], '\n')
	}
	if _, err := n.tcp.Write(data); err != nil {
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

func (n *netcat) Leave() { n.tcp.CloseWrite() }
