package tcpgw

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"partyline/hub/hubtest"
	"partyline/hub/socket"
)

func TestConn(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			hubtest.TestConn(t, func(t *testing.T) hubtest.Pair {
				c, client := openOn(t, network, hubtest.WriteTimeout)
				return hubtest.Pair{
					Conn: c, Codec: textCodec{}, Peer: &peer{t, client, bufio.NewReader(client)},
					NoReset: !network.HasReset(),
				}
			})
		})
	}
}

// openOn returns a conn on a network, after its TLS handshake, and its peer.
func openOn(t *testing.T, network hubtest.Network, timeout time.Duration) (*conn, *hubtest.Socket) {
	t.Helper()
	server, config, client := network.Pair(t)
	c, err := newConn(server, new(socket.Group), 4096, timeout)
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		shook := make(chan error)
		go func() { shook <- client.TLS.Handshake() }()
		if err := c.StartTLS(config, nil, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := <-shook; err != nil {
			t.Fatal(err)
		}
	}
	return c, client
}

// A peer is a client that sends and receives lines.
type peer struct {
	t    *testing.T
	conn *hubtest.Socket
	in   *bufio.Reader
}

func (p *peer) Send(line string) {
	if _, err := io.WriteString(p.conn, line+"\n"); err != nil {
		p.t.Error(err)
	}
}

func (p *peer) Receive() (string, error) {
	line, err := p.in.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

func (p *peer) Leave() { p.conn.CloseWrite() }

func (p *peer) End() { p.conn.End() }

func (p *peer) Break() { p.conn.Reset() }

// TestUnterminatedLine closes a connection after text without a line ending, as printf to bash's
// /dev/tcp does. The text is a line, even if the client leaves input unread, so that its system
// resets the connection. Either readOpening or ReadLine reads the end.
func TestUnterminatedLine(t *testing.T) {
	for name, end := range map[string]func(*net.TCPConn){
		"closed": func(client *net.TCPConn) { client.Close() },
		"reset":  hubtest.Reset,
	} {
		for _, lines := range []string{"one\ntwo", "one"} {
			for _, withOpening := range []bool{false, true} {
				t.Run(fmt.Sprintf("%q, %s, opening: %t", lines, name, withOpening), func(t *testing.T) {
					server, client := hubtest.TCPPair(t)
					c, err := newConn(server, new(socket.Group), 4096, hubtest.WriteTimeout)
					if err != nil {
						t.Fatal(err)
					}
					io.WriteString(client, lines)
					end(client)
					if withOpening {
						if err := c.readOpening(nil, waits{first: helloWait, line: openingWait}); err != nil {
							t.Fatal(err)
						}
					}
					for want := range strings.SplitSeq(lines, "\n") {
						if line, err := c.ReadLine(); string(line) != want || err != nil {
							t.Fatalf("instead of %q it reads %q, %v", want, line, err)
						}
					}
					if line, err := c.ReadLine(); err == nil {
						t.Errorf("after the end it reads %q", line)
					}
				})
			}
		}
	}
}
