package tcpgw

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"

	"partyline/hub/hubtest"
	"partyline/hub/socket"
)

func TestConn(t *testing.T) {
	hubtest.TestConn(t, func(t *testing.T) hubtest.Pair {
		server, client := hubtest.TCPPair(t)
		c, err := newConn(server, new(socket.Group), 4096, hubtest.WriteTimeout)
		if err != nil {
			t.Fatal(err)
		}
		return hubtest.Pair{Conn: c, Codec: text{}, Peer: &peer{t, client, bufio.NewReader(client)}}
	})
}

// peer is netcat.
type peer struct {
	t   *testing.T
	tcp *net.TCPConn
	in  *bufio.Reader
}

func (p *peer) Send(line string) {
	if _, err := io.WriteString(p.tcp, line+"\n"); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) Receive() (string, error) {
	line, err := p.in.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

func (p *peer) Leave() { p.tcp.CloseWrite() }

func (p *peer) End() { p.tcp.CloseWrite() }

func (p *peer) Break() {
	hubtest.Reset(p.tcp)
}
