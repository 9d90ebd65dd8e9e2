package tcpgw

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// serve serves h until the end of the test and returns the address.
func serve(t *testing.T, h *hub.Hub) string {
	t.Helper()
	return serveAs(t, &Gateway{Hub: h})
}

// serveAs is like serve, for a gateway that has some fields set.
func serveAs(t *testing.T, g *Gateway) string {
	t.Helper()
	ln := listen(t)
	serveOn(t, g, ln)
	return ln.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// serveOn is like serveAs, for a listener to which clients may have connected already.
func serveOn(t *testing.T, g *Gateway, ln net.Listener) {
	t.Helper()
	g.MaxLine = 4096
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	h := g.Hub
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	t.Cleanup(func() {
		ln.Close()
		h.Shutdown(context.Background())
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if n := g.lingering.Load(); n != 0 {
			t.Errorf("%d connections are lingering after the end", n)
		}
		if n := g.sessionless.count(); n != 0 {
			t.Errorf("%d connections without a session remain after the end", n)
		}
	})
}

// dial connects to addr and returns the connection and the first line.
func dial(t *testing.T, addr string) (net.Conn, string) {
	t.Helper()
	c := connect(t, addr)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c, strings.TrimSuffix(line, "\n")
}

// count returns the number of connections in s.
func (s *connSet) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// TestTurnedAway connects as many clients as each limit admits. The next client receives the
// reason and EOF. When a client has left, another one is admitted.
func TestTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		limits admission.Limits
		reason error
	}{
		"members":     {admission.Limits{Members: 3}, admission.ErrFull},
		"per address": {admission.Limits{PerAddress: 3}, admission.ErrAddressFull},
		"arrivals":    {admission.Limits{Arrivals: 3}, admission.ErrAddressRate},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, hub.New(hub.Options{Limits: c.limits}))
			var admitted []net.Conn
			for range 3 {
				conn, line := dial(t, addr)
				if !strings.HasPrefix(line, "* You are ") {
					t.Fatalf("an admitted client reads %q", line)
				}
				admitted = append(admitted, conn)
			}
			rejected, line := dial(t, addr)
			if want := "! " + c.reason.Error(); line != want {
				t.Errorf("a client over the limit reads %q, not %q", line, want)
			}
			if rest, err := io.ReadAll(rejected); len(rest) > 0 || err != nil {
				t.Errorf("and then %q, %v", rest, err)
			}
			if c.limits.Arrivals > 0 {
				return
			}
			admitted[0].Close()
			for deadline := time.Now().Add(20 * time.Second); ; {
				if _, line = dial(t, addr); strings.HasPrefix(line, "* You are ") {
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("after a client has left, the next one reads %q", line)
				}
			}
		})
	}
}

// TestManyTurnedAway turns away more than maxLingering connections at once. Each client receives
// the reason and EOF.
func TestManyTurnedAway(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{Limits: admission.Limits{Members: 1}})}
	addr := serveAs(t, g)
	dial(t, addr)
	var conns []net.Conn
	for range 224 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		conns = append(conns, c)
	}
	for i, c := range conns {
		if received, err := io.ReadAll(c); string(received) != "! "+admission.ErrFull.Error()+"\n" || err != nil {
			t.Errorf("connection %d reads %q, %v", i, received, err)
		}
	}
	if n := g.sessionless.count(); n > maxLingering {
		t.Errorf("%d connections are drained at once", n)
	}
}

// TestDefaultWriteTimeout writes to a client that does not read for less than the default write
// timeout. The write succeeds.
func TestDefaultWriteTimeout(t *testing.T) {
	server, client := hubtest.TCPPair(t)
	client.SetReadBuffer(64 << 10)
	c := (&Gateway{MaxLine: 4096}).newConn(server)
	defer c.Reset()
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(bytes.Repeat([]byte("hello\n"), 1<<18))
		written <- err
	}()
	select {
	case err := <-written:
		t.Fatalf("a write to a client that reads nothing ends at once: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	go io.Copy(io.Discard, client)
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// TestEndWithoutSessions ends a gateway while connections wait for a PROXY header.
func TestEndWithoutSessions(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 1}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxied := netip.MustParsePrefix("127.0.0.1/32")
	g := &Gateway{Hub: h, MaxLine: 4096, HeaderTimeout: time.Hour, Proxies: admission.NewNetworks(proxied), Log: slog.New(slog.DiscardHandler)}
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for range 3 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n := g.sessionless.count()
		if n == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections wait for a header", n)
		}
	}
	ln.Close()
	h.Shutdown(context.Background())
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Serve waits for headers")
	}
}

// A countingListener counts the connections that it has accepted.
type countingListener struct {
	net.Listener
	accepted atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.accepted.Add(1)
	}
	return c, err
}

// TestSettle ends a server to which clients have just connected, with and without a PROXY header, and
// one that has said a line. Each gets a welcome, and then the goodbye.
func TestSettle(t *testing.T) {
	for name, first := range map[string]string{"direct": "", "proxied": "PROXY TCP4 203.0.113.7 127.0.0.1 1000 4000\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hub.New(hub.Options{})
			g := &Gateway{Hub: h, MaxLine: 4096, HeaderTimeout: time.Hour, Log: slog.New(slog.DiscardHandler)}
			if first != "" {
				g.Proxies = admission.NewNetworks(netip.MustParsePrefix("127.0.0.1/32"))
			}
			ln := &countingListener{Listener: listen(t)}
			ended := make(chan error)
			go func() { ended <- g.Serve(ln) }()
			var conns []net.Conn
			for i := range 20 {
				c := connect(t, ln.Addr().String())
				io.WriteString(c, first+strings.Repeat("hello\n", i%2))
				conns = append(conns, c)
			}
			isThere := func() bool { // the kernel may queue them still; one that becomes a member may count twice
				return int(ln.accepted.Load()) == len(conns) && h.Members()+g.sessionless.count() >= len(conns)
			}
			for deadline := time.Now().Add(20 * time.Second); !isThere(); {
				if time.Sleep(time.Millisecond); time.Now().After(deadline) {
					t.Fatal("the connections do not arrive")
				}
			}
			ln.Close()
			g.Settle()
			h.Shutdown(context.Background())
			for _, c := range conns {
				received, err := io.ReadAll(c)
				if err != nil || !strings.HasPrefix(string(received), "* You are ") || !strings.Contains(string(received), "-- goodbye: ") {
					t.Errorf("it reads %q, %v", received, err)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestManyTurnedAwayTalking is like TestManyTurnedAway, for clients that have already sent lines.
// Their unread input does not cause a reset.
func TestManyTurnedAwayTalking(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Arrivals: 1}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for range 100 { // no gateway accepts them yet
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(c, strings.Repeat("hello\n", 500)); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for i, c := range conns[1:] { // the first one is admitted
		if received, err := io.ReadAll(c); string(received) != "! "+admission.ErrAddressRate.Error()+"\n" || err != nil {
			t.Errorf("connection %d reads %q, %v", i+1, received, err)
		}
	}
	ln.Close()
	h.Shutdown(context.Background())
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
