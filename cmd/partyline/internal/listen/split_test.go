//go:build unix && !portable

package listen

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"partyline/hub/socket"
)

// A countingGate admits at most limit connections, and counts them.
type countingGate struct {
	mu          sync.Mutex
	limit, now  int
	most, total int
}

func (g *countingGate) Admit(net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now >= g.limit {
		return false
	}
	g.now++
	g.total++
	g.most = max(g.most, g.now)
	return true
}

func (g *countingGate) Leave(net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now--
}

func (g *countingGate) waiting() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// split splits a new listener, and closes it at the end of the test.
func split(t *testing.T, limit int, timeout time.Duration) (secure, plain net.Listener, gate *countingGate) {
	t.Helper()
	ln := tcpListener(t)
	gate = &countingGate{limit: limit}
	secure, plain = Split(ln, gate, timeout)
	t.Cleanup(func() { secure.Close() })
	return secure, plain, gate
}

func tcpListener(t *testing.T) *net.TCPListener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.(*net.TCPListener)
}

// dial connects to a listener and sends some bytes.
func dial(t *testing.T, ln net.Listener, sent string) net.Conn {
	t.Helper()
	c, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(c, sent)
	return c
}

// expect accepts a connection from a listener, and checks all that was sent to it.
func expect(t *testing.T, ln net.Listener, client net.Conn, want string) {
	t.Helper()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client.(interface{ CloseWrite() error }).CloseWrite()
	if got, err := io.ReadAll(c); string(got) != want || err != nil {
		t.Errorf("received %q, %v, not %q", got, err, want)
	}
	if c.RemoteAddr().String() != client.LocalAddr().String() {
		t.Errorf("accepted %v, not %v", c.RemoteAddr(), client.LocalAddr())
	}
}

// TestSplit sends first bytes of both kinds, while other connections send nothing.
func TestSplit(t *testing.T) {
	secure, plain, gate := split(t, 100, time.Minute)
	for range 10 {
		dial(t, secure, "")
	}
	for range 10 {
		handshake, request := dial(t, secure, "\x16\x03\x01..."), dial(t, plain, "GET / HTTP/1.1\r\n")
		expect(t, plain, request, "GET / HTTP/1.1\r\n")
		expect(t, secure, handshake, "\x16\x03\x01...")
	}
	if n := gate.waiting(); n != 10 {
		t.Errorf("%d connections wait", n)
	}
}

// TestSplitUnix splits a unix socket.
func TestSplitUnix(t *testing.T) {
	ln, err := open(t, 0o600, "unix:"+socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	secure, plain := Split(ln, &countingGate{limit: 10}, time.Minute)
	defer plain.Close()
	handshake, request := dial(t, secure, "\x16\x03\x01..."), dial(t, plain, "GET")
	expect(t, secure, handshake, "\x16\x03\x01...")
	expect(t, plain, request, "GET")
}

// TestSplitProxied splits connections that start with PROXY headers. One without is closed, and none
// waits for one that sends nothing.
func TestSplitProxied(t *testing.T) {
	const header = "PROXY TCP4 203.0.113.7 192.0.2.1 51234 443\r\n"
	proxied := socket.NewProxyListener(tcpListener(t), func(net.Addr) bool { return true }, slog.New(slog.DiscardHandler))
	secure, plain := Split(proxied, &countingGate{limit: 10}, time.Minute)
	defer plain.Close()
	dial(t, secure, "")
	dial(t, secure, header)
	handshake, request := dial(t, secure, header+"\x16\x03\x01..."), dial(t, plain, header+"GET")
	expect(t, secure, handshake, "\x16\x03\x01...")
	expect(t, plain, request, "GET")
	if n, err := dial(t, plain, "GET / HTTP/1.1\r\n\r\n").Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("without a header: read %d bytes, %v", n, err)
	}
}

// TestSplitTimeout sends nothing. The connection is closed after the timeout, and one that ends
// is closed at once.
func TestSplitTimeout(t *testing.T) {
	secure, plain, gate := split(t, 2, 50*time.Millisecond)
	silent, ended := dial(t, secure, ""), dial(t, secure, "")
	ended.(*net.TCPConn).CloseWrite()
	for _, c := range []net.Conn{ended, silent} {
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}
	expect(t, plain, dial(t, plain, "x"), "x")
	if gate.waiting() != 0 {
		t.Error("a closed connection still counts")
	}
}

// TestSplitGate opens more silent connections than the gate admits. The others are closed at once.
func TestSplitGate(t *testing.T) {
	secure, _, gate := split(t, 3, time.Minute)
	for range 3 {
		dial(t, secure, "")
	}
	for range 10 {
		c := dial(t, secure, "")
		if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
	}
	gate.mu.Lock()
	defer gate.mu.Unlock()
	if gate.most != 3 || gate.total != 3 {
		t.Errorf("%d connections waited, %d at once", gate.total, gate.most)
	}
}

// TestSplitClose closes one side, while connections wait for their first byte and for Accept.
func TestSplitClose(t *testing.T) {
	secure, plain, gate := split(t, 100, time.Hour)
	clients := []net.Conn{dial(t, secure, ""), dial(t, secure, "\x16"), dial(t, plain, "x")}
	results := make(chan error)
	for _, ln := range []net.Listener{secure, plain} {
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					results <- err
					return
				}
				c.Close()
			}
		}()
	}
	for _, c := range clients[1:] {
		c.Read(make([]byte, 1)) // until it is accepted and closed
	}
	plain.Close()
	secure.Close()
	for range 2 {
		if err := <-results; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept returns %v", err)
		}
	}
	if n, err := clients[0].Read(make([]byte, 1)); n > 0 || err == nil {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if gate.waiting() != 0 {
		t.Errorf("%d connections still count", gate.waiting())
	}
	if c, err := net.Dial("tcp", secure.Addr().String()); err == nil {
		c.Close()
		t.Error("the address is still open")
	}
}

// A failingListener returns an error, and then connections.
type failingListener struct {
	net.Listener
	once sync.Once
}

var errAccept = errors.New("too many open files")

func (l *failingListener) Accept() (c net.Conn, err error) {
	l.once.Do(func() { err = errAccept })
	if err != nil {
		return nil, err
	}
	return l.Listener.Accept()
}

// TestSplitAcceptError checks that one side returns an error of Accept, and that both sides then
// accept connections.
func TestSplitAcceptError(t *testing.T) {
	secure, plain := Split(&failingListener{Listener: tcpListener(t)}, &countingGate{limit: 10}, time.Minute)
	defer secure.Close()
	if _, err := plain.Accept(); err != errAccept {
		t.Errorf("Accept returns %v", err)
	}
	handshake, request := dial(t, secure, "\x16"), dial(t, plain, "x")
	expect(t, secure, handshake, "\x16")
	expect(t, plain, request, "x")
}
