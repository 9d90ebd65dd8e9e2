package screen

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"partyline/client"
)

// A relay passes bytes between clients and a server. While it is deaf, it keeps what the clients send.
type relay struct {
	net.Listener
	server string
	deaf   atomic.Bool
	kept   chan string // what the clients have sent to a deaf relay

	mu    sync.Mutex
	conns []net.Conn
}

// startRelay starts a relay to a server.
func startRelay(t *testing.T, server string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: ln, server: server, kept: make(chan string, 100)}
	var running sync.WaitGroup
	running.Go(func() { r.accept(&running) })
	t.Cleanup(func() {
		ln.Close()
		r.cut()
		running.Wait()
	})
	return r
}

func (r *relay) accept(running *sync.WaitGroup) {
	for {
		near, err := r.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", r.server)
		if err != nil {
			near.Close()
			continue
		}
		r.mu.Lock()
		r.conns = append(r.conns, near, far)
		r.mu.Unlock()
		running.Go(func() {
			io.Copy(near, far)
			near.Close()
		})
		running.Go(func() {
			r.hear(near, far)
			far.Close()
		})
	}
}

// hear passes what a client sends.
func (r *relay) hear(near, far net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := near.Read(buffer)
		if err != nil {
			return
		}
		if r.deaf.Load() {
			r.kept <- string(buffer[:n])
		} else {
			far.Write(buffer[:n])
		}
	}
}

// awaitKept waits until a client has sent a text to the deaf relay.
func (r *relay) awaitKept(text string) {
	for !strings.Contains(<-r.kept, text) {
	}
}

// cut breaks all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
	r.conns = nil
}

// deafen returns alice, whose connection does not pass what she sends. She has entered "one" and "two" for bob, and
// "one" is on its way.
func deafen(t *testing.T) (alice *driver, bob *client.Client, r *relay) {
	t.Helper()
	address := startServer(t)
	r = startRelay(t, address)
	bob = dial(t, address, client.Options{Nick: "bob"})
	alice = newDriver(t, r.Addr().String(), client.Options{Nick: "alice"}, Options{})
	alice.status("2 members")
	alice.keys("/msg bob psst<enter>")
	alice.await("the answer", func(string) bool { return len(alice.m.unanswered) == 0 })
	r.deaf.Store(true)
	alice.keys("one<enter>two<enter>")
	r.awaitKept(`"one"`)
	return alice, bob, r
}

// TestQueuedAtBreak breaks a connection while private messages wait. A stranger, who takes the name before there is
// another connection, gets none of them.
func TestQueuedAtBreak(t *testing.T) {
	alice, bob, r := deafen(t)
	r.cut()
	bob.Close()
	stranger := dial(t, bob.Address(), client.Options{Nick: "bob"})
	r.deaf.Store(false)
	r.cut()
	alice.await("one", func(string) bool { return count(alice, "it may have arrived): one") == 1 })
	alice.await("two", func(string) bool {
		return count(alice, "not sent (the name may belong to another member now): two") == 1
	})
	alice.status("connected")
	alice.keys("who are you?<enter><enter>")
	if got := nextPrivate(t, stranger); got != "who are you?" {
		t.Errorf("the stranger got %q", got)
	}
}

// TestQueuedAtDeparture has a peer leave while private messages to it wait.
func TestQueuedAtDeparture(t *testing.T) {
	alice, bob, _ := deafen(t)
	bob.Close()
	alice.await("two", func(string) bool {
		return count(alice, "not sent (the name may belong to another member now): two") == 1
	})
	if n := len(alice.m.unanswered); n != 1 {
		t.Errorf("%d messages are on their way", n)
	}
}
