//go:build !portable

package socket

import (
	"bytes"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// A link is two network namespaces, with the Conns of g in one and their peers in the other.
type link struct {
	client *hubtest.Namespace
	dial   func() net.Conn
	ln     net.Listener
	g      *Group
}

func newLink(t *testing.T, g *Group) *link {
	server, client := hubtest.Namespaces(t)
	ln := server.Listen(t)
	return &link{client, func() net.Conn { return client.Dial(t, ln.Addr().String(), 4096) }, ln, g}
}

func (l *link) open(t *testing.T, timeout time.Duration) (*Conn, net.Conn) {
	t.Helper()
	peer := l.dial()
	nc, err := l.ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := new(Conn)
	if err := c.Init(nc.(*net.TCPConn), l.g, endOfLine, timeout); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Reset()
		peer.Close()
	})
	return c, peer
}

// readEnd returns a channel for the error that ends reading from c.
func readEnd(c *Conn) <-chan error {
	end := make(chan error, 1)
	go func() {
		for {
			if _, err := c.Read(); err != nil {
				end <- err
				return
			}
		}
	}()
	return end
}

// TestDeadPeer cuts the network between a Group and its peers. Before, no peer is dropped.
// Afterwards each is: one that was sent something, one whose window is closed, and one that is
// idle.
func TestDeadPeer(t *testing.T) {
	t.Parallel()
	l := newLink(t, &Group{deadAfter: time.Second})
	active, _ := l.open(t, time.Minute)
	full, _ := l.open(t, time.Minute)
	idle, _ := l.open(t, time.Minute)
	for {
		if _, err := full.TryWrite(bytes.Repeat([]byte("full\n"), 4096)); err != nil {
			break
		}
	}
	activeEnd, fullEnd, idleEnd := readEnd(active), readEnd(full), readEnd(idle)
	select {
	case err := <-activeEnd:
		t.Fatalf("a peer that answers counts as dead: %v", err)
	case err := <-fullEnd:
		t.Fatalf("a peer that reads nothing for a while counts as dead: %v", err)
	case err := <-idleEnd:
		t.Fatalf("a peer that is idle counts as dead: %v", err)
	case <-time.After(3 * time.Second):
	}
	l.client.Cut(t)
	if _, err := active.TryWrite([]byte("hello?\n")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		end  <-chan error
		also error // from the system's keep-alive, which may be first
	}{
		{"that was sent something", activeEnd, hub.ErrSlow},
		{"whose window is closed", fullEnd, hub.ErrSlow},
		{"that is idle", idleEnd, syscall.ETIMEDOUT},
	} {
		select {
		case err := <-c.end:
			if !errors.Is(err, hub.ErrSlow) && !errors.Is(err, c.also) {
				t.Errorf("a dead peer %s ends reading with %v", c.name, err)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("a dead peer %s is not dropped", c.name)
		}
	}
	if _, err := active.TryWrite([]byte("hello?\n")); !errors.Is(err, hub.ErrSlow) {
		t.Errorf("a dead peer ends writing with %v", err)
	}
}

// TestFrozenPeer sends a peer that reads nothing only what fits into the buffers, so that no
// write waits. The peer is dropped after the write timeout. A peer that reads is not.
func TestFrozenPeer(t *testing.T) {
	t.Parallel()
	l := newLink(t, &Group{deadAfter: time.Second})
	frozen, _ := l.open(t, time.Second)
	steady, peer := l.open(t, time.Second)
	frames := bytes.Repeat([]byte("hello, everybody\n"), 2000)
	for _, c := range []*Conn{frozen, steady} {
		if n, err := c.TryWrite(frames); n != len(frames) || err != nil {
			t.Fatalf("%d of %d bytes, %v", n, len(frames), err)
		}
	}
	read := make(chan error, 1)
	go func() {
		b := make([]byte, 512)
		for left := len(frames); left > 0; time.Sleep(50 * time.Millisecond) { // slow but steady
			n, err := peer.Read(b)
			if err != nil {
				read <- err
				return
			}
			left -= n
		}
		_, err := steady.TryWrite([]byte("hello?\n"))
		read <- err
	}()
	select {
	case err := <-readEnd(frozen):
		if !errors.Is(err, hub.ErrSlow) {
			t.Errorf("a frozen peer ends reading with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a frozen peer is not dropped")
	}
	if _, err := frozen.TryWrite([]byte("hello?\n")); !errors.Is(err, hub.ErrSlow) {
		t.Errorf("a frozen peer ends writing with %v", err)
	}
	if err := <-read; err != nil {
		t.Errorf("a peer that reads is dropped: %v", err)
	}
}
