package client_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"partyline/client"
	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/history"
	"partyline/tcpgw"
	"partyline/wsgw"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// A server is a hub with both gateways, on loopback.
type server struct {
	hub       *hub.Hub
	tcp, http string // addresses
	stop      func()
}

// startServer starts a server that keeps messages in memory.
func startServer(t testing.TB, tcpAddr, httpAddr string, journal history.Journal) *server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	if journal == nil {
		journal = history.NewMemory(history.Retention{Messages: 1 << 20})
	}
	h := hub.New(hub.Options{Journal: journal, Limits: admission.Limits{}})
	ln, err := net.Listen("tcp", tcpAddr)
	if err != nil {
		t.Fatal(err)
	}
	lines := &tcpgw.Gateway{Hub: h, MaxLine: hub.DefaultMaxLine, Log: log, Web: "http://chat.example/"}
	served := make(chan error, 1)
	go func() { served <- lines.Serve(ln) }()

	frames := &wsgw.Gateway{Hub: h, MaxLine: hub.DefaultMaxLine, Log: log}
	mux := http.NewServeMux()
	mux.Handle("/ws", frames)
	web, err := net.Listen("tcp", httpAddr)
	if err != nil {
		t.Fatal(err)
	}
	page := &http.Server{Handler: mux}
	go page.Serve(web)

	s := &server{hub: h, tcp: ln.Addr().String(), http: web.Addr().String()}
	s.stop = sync.OnceFunc(func() {
		ln.Close()
		web.Close()
		h.Shutdown(context.Background())
		page.Close()
		frames.Wait()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

func newServer(t testing.TB) *server {
	t.Helper()
	return startServer(t, "127.0.0.1:0", "127.0.0.1:0", nil)
}

// A relay forwards connections to a server, and can break them.
type relay struct {
	ln net.Listener

	mu    sync.Mutex
	to    string // the address of the server
	conns map[net.Conn]struct{}
	limit func() int64 // bytes that pass from the server before the connection is cut; nil for all

	lose bool          // the server does not learn of connections that end
	over chan struct{} // closed when the server may learn of it
	hold chan struct{} // if not nil, the server gets the request of the next client that enters when it is closed
}

// startRelay accepts connections on a listener and forwards them to the address to.
func startRelay(t testing.TB, ln net.Listener, to string) *relay {
	t.Helper()
	r := &relay{to: to, ln: ln, conns: make(map[net.Conn]struct{}), over: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.forward(in) })
		}
	})
	t.Cleanup(func() {
		ln.Close()
		r.release()
		r.cut()
		running.Wait()
	})
	return r
}

func (r *relay) forward(in net.Conn) {
	defer in.Close()
	r.mu.Lock()
	to := r.to
	r.mu.Unlock()
	out, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer out.Close()
	r.mu.Lock()
	r.conns[in] = struct{}{}
	hold := r.hold
	r.hold = nil
	limit := int64(-1)
	if r.limit != nil {
		limit = r.limit()
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.conns, in)
		r.mu.Unlock()
	}()
	var up sync.WaitGroup
	up.Go(func() {
		if hold != nil {
			withhold(out, in, hold)
		}
		io.Copy(out, in)
		r.lost()
		out.(*net.TCPConn).CloseWrite()
	})
	if limit >= 0 {
		io.CopyN(in, out, limit)
		breakOff(in)
	} else {
		io.Copy(in, out)
	}
	in.Close()
	r.lost()
	out.Close()
	up.Wait()
}

// withhold reads the request of a client that enters, and breaks its connection. It passes the request on when
// hold is closed.
func withhold(out, in net.Conn, hold chan struct{}) {
	var held []byte
	b := make([]byte, 4096)
	for !bytes.Contains(held, []byte(`"resume"`)) {
		n, err := in.Read(b)
		if err != nil {
			return
		}
		held = append(held, b[:n]...)
	}
	in.Close()
	<-hold
	out.Write(held)
}

// lost waits until the end of the test if the server must not learn of the end of a connection.
func (r *relay) lost() {
	r.mu.Lock()
	lose, over := r.lose, r.over
	r.mu.Unlock()
	if lose {
		<-over
	}
}

// release lets the server learn of the connections that have ended.
func (r *relay) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lose = false
	close(r.over)
	r.over = make(chan struct{})
}

// loseAll ends all connections, and the server does not learn of it.
func (r *relay) loseAll() {
	r.mu.Lock()
	r.lose = true
	r.mu.Unlock()
	r.cut()
}

// breakOff breaks a connection to a client in one of many ways.
func breakOff(c net.Conn) {
	switch rand.IntN(4) {
	case 0: // nothing arrives for a while
		time.Sleep(rand.N(10 * time.Millisecond))
	case 1: // half a connection
		c.(*net.TCPConn).CloseWrite()
		time.Sleep(rand.N(10 * time.Millisecond))
	case 2: // a reset
		c.(*net.TCPConn).SetLinger(0)
	case 3: // bytes that are in no JSON and in no frame
		c.Write([]byte("\x00\xff\x00\n{]\n\xff"))
	}
}

// cut breaks all connections.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.Close()
	}
}

func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	ln, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// ways returns an address of s for each transport, and the configuration for TLS.
func ways(t testing.TB, s *server) (addresses map[string]string, config *tls.Config) {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	t.Cleanup(certified.Close)
	config = certified.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com"
	certificates := &tls.Config{Certificates: certified.TLS.Certificates}
	secure := func(to string) string {
		ln := listen(t, "tcp", "127.0.0.1:0")
		startRelay(t, tls.NewListener(ln, certificates), to)
		return ln.Addr().String()
	}
	socket := filepath.Join(t.TempDir(), "socket")
	startRelay(t, listen(t, "unix", socket), s.tcp)
	return map[string]string{
		"bare":  s.tcp,
		"tcp":   "tcp://" + s.tcp,
		"tls":   "tls://" + secure(s.tcp),
		"unix":  "unix:" + socket,
		"ws":    "ws://" + s.http + "/ws",
		"wss":   "wss://" + secure(s.http),
		"http":  "http://" + s.http,
		"https": "https://" + secure(s.http) + "/",
	}, config
}

// dial connects a client, which the end of the test closes.
func dial(t testing.TB, address string, o client.Options) *client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := client.Dial(ctx, address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// next returns the next event for which want returns true.
func next[E client.Event](t testing.TB, c *client.Client, want func(E) bool) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		e, err := c.Next(ctx)
		if err != nil {
			var none E
			t.Fatalf("waiting for a %T: %v", none, err)
		}
		if e, ok := e.(E); ok && want(e) {
			return e
		}
	}
}

func anyOf[E client.Event](E) bool { return true }

// text matches a message.
func text(s string) func(*client.Message) bool {
	return func(m *client.Message) bool { return m.Text == s }
}

func say(t testing.TB, c *client.Client, text string) int64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	id, err := c.Say(ctx, text)
	if err != nil {
		t.Fatalf("say %q: %v", text, err)
	}
	return id
}

func numbered(prefix string, n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprint(prefix, i))
	}
	return texts
}
