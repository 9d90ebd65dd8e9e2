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
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// serve opens a door to h until the end of the test and returns its address.
func serve(t *testing.T, h *hub.Hub) string {
	t.Helper()
	return serveAs(t, &Gateway{Hub: h})
}

// serveAs is serve for a server that is set up in part.
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

// serveOn is serveAs for a listener to which clients may have connected already.
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
			t.Errorf("when the server has ended, %d connections count as read on", n)
		}
		if n := g.own.count(); n != 0 {
			t.Errorf("when the server has ended, %d connections are outside", n)
		}
	})
}

// dial connects to a door and returns the connection and its first line.
func dial(t *testing.T, addr string) (net.Conn, string) {
	t.Helper()
	c := connect(t, addr)
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return c, strings.TrimSuffix(line, "\n")
}

// count returns how many connections are not the hub's.
func (s *connSet) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// TestTurnedAway: at each limit the last one who fits comes in, the next one reads why not
// and sees the end, and there is a place again when somebody has left.
func TestTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		limits admission.Limits
		why    error
	}{
		"members":     {admission.Limits{Members: 3}, admission.ErrFull},
		"per address": {admission.Limits{PerAddress: 3}, admission.ErrAddressFull},
		"arrivals":    {admission.Limits{Arrivals: 3}, admission.ErrAddressRate},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serve(t, hub.New(hub.Options{Limits: c.limits}))
			var in []net.Conn
			for range 3 {
				conn, line := dial(t, addr)
				if !strings.HasPrefix(line, "* You are ") {
					t.Fatalf("who fits is told %q", line)
				}
				in = append(in, conn)
			}
			out, line := dial(t, addr)
			if want := "! " + c.why.Error(); line != want {
				t.Errorf("who does not fit is told %q, not %q", line, want)
			}
			if rest, err := io.ReadAll(out); len(rest) > 0 || err != nil {
				t.Errorf("and then %q, %v", rest, err)
			}
			if c.limits.Arrivals > 0 {
				return
			}
			in[0].Close()
			for late := time.Now().Add(20 * time.Second); ; {
				if _, line = dial(t, addr); strings.HasPrefix(line, "* You are ") {
					break
				}
				if time.Now().After(late) {
					t.Fatalf("when one has left, the next is told %q", line)
				}
			}
		})
	}
}

// TestManyTurnedAway turns away more connections at once than are read on. Each reads why,
// and the end.
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
		if told, err := io.ReadAll(c); string(told) != "! "+admission.ErrFull.Error()+"\n" || err != nil {
			t.Errorf("connection %d reads %q, %v", i, told, err)
		}
	}
	if n := g.own.count(); n > maxLingering {
		t.Errorf("%d connections are read on at once", n)
	}
}

// TestWriteTimeoutByDefault has a client read nothing for a moment, which a server without a
// WriteTimeout of its own allows.
func TestWriteTimeoutByDefault(t *testing.T) {
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

// TestEndWithOutsiders ends a server while a proxy owes a header, and while a connection that
// was turned away is read on.
func TestEndWithOutsiders(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 1}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	proxied := netip.MustParsePrefix("127.0.0.1/32")
	g := &Gateway{Hub: h, MaxLine: 4096, HeaderTimeout: time.Hour, Proxies: []netip.Prefix{proxied}, Log: slog.New(slog.DiscardHandler)}
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for range 3 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		n := g.own.count()
		if n == 3 {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("%d connections owe a header", n)
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
		t.Fatal("the server waits for headers")
	}
}

// TestManyTurnedAwayTalking is TestManyTurnedAway for clients that have said something by
// then: what they sent does not turn the end into a reset.
func TestManyTurnedAwayTalking(t *testing.T) {
	h := hub.New(hub.Options{Limits: admission.Limits{Arrivals: 1}})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for range 100 { // they wait to be accepted
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
	for i, c := range conns[1:] { // the first comes in
		if told, err := io.ReadAll(c); string(told) != "! "+admission.ErrAddressRate.Error()+"\n" || err != nil {
			t.Errorf("connection %d reads %q, %v", i+1, told, err)
		}
	}
	ln.Close()
	h.Shutdown(context.Background())
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
