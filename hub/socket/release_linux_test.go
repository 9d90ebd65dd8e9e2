package socket

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// newConn returns a Conn of g on each network, with TLS if it has that, and its peer.
func newConn(t *testing.T, g *Group, network hubtest.Network) (*Conn, *hubtest.Socket) {
	t.Helper()
	if network == hubtest.TLSOverTCP || network == hubtest.TLSOverUnix {
		return tlsPair(t, g, network)
	}
	server, _, peer := network.Pair(t)
	c := new(Conn)
	if err := c.Init(server, g, endOfLine, time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, peer
}

// TestRelease releases a connection after a Read. Its owner reads and writes it, with what the Conn
// has read ahead. Then another Conn takes it.
func TestRelease(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			g := new(Group)
			c, peer := newConn(t, g, network)
			peer.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(peer, "one")
			if b, err := c.Read(); err != nil || string(b) != "one" {
				t.Fatalf("%q, %v", b, err)
			}
			io.WriteString(peer, "two")
			if c.HasTLS() { // as at the end of a handshake, or of a Watch
				for ahead := false; !ahead; {
					var err error
					if ahead, err = c.readAhead(); err != nil {
						t.Fatal(err)
					}
					c.tls.drained = false
				}
			}
			nc, early, err := c.Release()
			if err != nil {
				t.Fatal(err)
			}
			released := nc
			if _, isTLS := nc.(*tls.Conn); isTLS != (peer.TLS != nil) {
				t.Errorf("Release returns a %T", nc)
			}
			g.drop(c) // as a check of the group that has begun before does
			client := &net.TCPAddr{IP: net.IPv4(203, 0, 113, 7), Port: 1}
			header := ProxyHeader{From: client}
			nc = NewEarlyConn(nc, early, header)
			nc.SetDeadline(time.Now().Add(20 * time.Second))
			if got, _, ok := nc.(proxied).ProxyHeader(); got != client || !ok {
				t.Errorf("the client is %v, %t", got, ok)
			}
			io.WriteString(peer, " and three")
			expectRead(t, nc, "two and three")
			io.WriteString(nc, "answer")
			expectRead(t, peer, "answer")

			below, early := Unwrap(NewEarlyConn(released, []byte("unread"), header))
			if string(early) != "unread" {
				t.Errorf("Unwrap returns %q", early)
			}
			next := new(Conn)
			if err := next.Init(below, g, endOfLine, time.Minute); err != nil {
				t.Fatal(err)
			}
			defer next.Close()
			below.SetDeadline(time.Time{})
			io.WriteString(peer, "four")
			if b, err := next.Read(); err != nil || string(b) != "four" {
				t.Errorf("the next Conn reads %q, %v", b, err)
			}
			if _, err := next.Write([]byte("answer\n")); err != nil {
				t.Error(err)
			}
			expectRead(t, peer, "answer\n")
		})
	}
}

// expectRead reads want.
func expectRead(t *testing.T, r io.Reader, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if n, err := io.ReadFull(r, b); err != nil || string(b) != want {
		t.Errorf("it reads %q, %v; want %q", b[:n], err, want)
	}
}

// TestReleaseClosed releases a connection that was closed, or whose peer was dropped.
func TestReleaseClosed(t *testing.T) {
	for name, end := range map[string]func(*Conn){"closed": func(c *Conn) { c.Close() }, "dropped": (*Conn).drop} {
		for _, network := range hubtest.Networks {
			c, _ := newConn(t, new(Group), network)
			end(c)
			if _, _, err := c.Release(); err == nil {
				t.Errorf("%s over %s: no error", name, network.Name)
			}
		}
	}
}

// TestEarlyConnCloseWrite ends the sending side of an early connection, as an HTTP server does.
func TestEarlyConnCloseWrite(t *testing.T) {
	for _, network := range hubtest.Networks {
		c, peer := newConn(t, new(Group), network)
		nc, _, err := c.Release()
		if err != nil {
			t.Fatal(err)
		}
		nc = NewEarlyConn(nc, nil, ProxyHeader{})
		defer nc.Close()
		if err := nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
		peer.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("%s: the peer reads %v", network.Name, err)
		}
	}
}
