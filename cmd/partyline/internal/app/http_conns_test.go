package app

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"partyline/hub/admission"
	"partyline/hub/socket"
)

// TestProxiedHTTPConns opens connections over a proxy that sends PROXY headers. They count for the clients in the
// headers, from their first request on.
func TestProxiedHTTPConns(t *testing.T) {
	const most = 3
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
		ConnState: newHTTPConns(admission.NewGate(admission.Limits{PerAddress: most, Exempt: proxies})).track,
	}
	go server.Serve(socket.NewProxyListener(ln, func(net.Addr) bool { return true }, slog.New(slog.DiscardHandler)))
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	get := func(client string) bool {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "PROXY TCP4 %s 192.0.2.1 4000 80\r\n", client)
		in := bufio.NewReader(c)
		for range 2 { // the second request does not count again
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusOK {
				return false
			}
		}
		return true
	}
	for i := range most + 1 {
		if got := get("198.51.100.7"); got != (i < most) {
			t.Errorf("connection %d of a client: %v", i, got)
		}
	}
	if !get("198.51.100.8") {
		t.Error("another client gets no answer")
	}
}

// TestHTTPConns opens as many HTTP connections as an address may have. One more is closed. A
// WebSocket does not count, and neither does a closed connection.
func TestHTTPConns(t *testing.T) {
	const most = 5
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hijack" {
				nc, _, _ := http.NewResponseController(w).Hijack()
				fmt.Fprint(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}),
		ConnState: newHTTPConns(admission.NewGate(admission.Limits{PerAddress: most})).track,
	}
	go server.Serve(ln)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	get := func(c net.Conn, path string) bool {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && res.StatusCode == http.StatusOK
	}
	var kept []net.Conn
	for range most {
		c := dial()
		if !get(c, "/") {
			t.Fatal("a connection within the limit gets no answer")
		}
		kept = append(kept, c)
	}
	if get(dial(), "/") {
		t.Error("a connection over the limit gets an answer")
	}
	if !get(kept[0], "/hijack") { // kept[0] no longer counts
		t.Fatal("no hijack")
	}
	c := dial()
	if !get(c, "/") {
		t.Error("a hijacked connection still counts")
	}
	c.Close()
	for deadline := time.Now().Add(30 * time.Second); !get(dial(), "/"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a closed connection still counts")
		}
	}
}
