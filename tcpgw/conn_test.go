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
		server, client := tcpPair(t)
		c, err := newConn(server, new(socket.Group), 4096, hubtest.WriteTimeout)
		if err != nil {
			t.Fatal(err)
		}
		return hubtest.Pair{Conn: c, Codec: text{}, Peer: &peer{t, client, bufio.NewReader(client)}}
	})
}

// tcpPair returns both ends of a connection, which the end of the test closes.
func tcpPair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		c.Close()
	})
	return s.(*net.TCPConn), c.(*net.TCPConn)
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
	p.tcp.SetLinger(0)
	p.tcp.Close()
}
