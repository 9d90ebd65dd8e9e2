package page

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"testing"
)

// A network is a TCP proxy between a browser and a server that can fail as the network of a phone does:
// the server does not learn that a client is gone.
type network struct {
	addr   string
	server string

	mu             sync.Mutex
	restored       sync.Cond // uses mu
	down           bool
	links          []*link
	sent, received bytes.Buffer // by the browser
}

// A link is a connection through a network.
type link struct {
	client, server net.Conn
	cut            bool
}

// startNetwork starts a network in front of a server.
func startNetwork(t *testing.T, server string) *network {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{addr: l.Addr().String(), server: server}
	n.restored.L = &n.mu
	var accepting, forwarding sync.WaitGroup
	accepting.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			n.connect(client, &forwarding)
		}
	})
	t.Cleanup(func() {
		l.Close()
		n.restore()
		accepting.Wait()
		for _, l := range n.links {
			l.client.Close()
			l.server.Close()
		}
		forwarding.Wait()
	})
	return n
}

// connect connects a client to the server, when the network is not down.
func (n *network) connect(client net.Conn, forwarding *sync.WaitGroup) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.down {
		n.restored.Wait()
	}
	server, err := net.Dial("tcp", n.server)
	if err != nil {
		client.Close()
		return
	}
	l := &link{client: client, server: server}
	n.links = append(n.links, l)
	forwarding.Go(func() { n.forward(l, server, client, &n.sent) })
	forwarding.Go(func() { n.forward(l, client, server, &n.received) })
}

// forward copies one direction of a link, and records what it copies, until the link is cut or one of
// its ends is closed.
func (n *network) forward(l *link, to, from net.Conn, record *bytes.Buffer) {
	buf := make([]byte, 32<<10)
	for {
		size, err := from.Read(buf)
		n.mu.Lock()
		cut := l.cut
		if !cut {
			record.Write(buf[:size])
			to.Write(buf[:size])
		}
		n.mu.Unlock()
		if cut {
			return
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

// fail cuts all connections. With reset the browser learns of it, as if its system had closed them.
func (n *network) fail(reset bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for _, l := range n.links {
		l.cut = true
		if reset {
			l.client.(*net.TCPConn).SetLinger(0)
			l.client.Close()
		}
	}
}

// restore lets the browser connect again.
func (n *network) restore() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
	n.restored.Broadcast()
}

// traffic returns what the browser has sent and received.
func (n *network) traffic() (sent, received []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.sent.Bytes()), slices.Clone(n.received.Bytes())
}
