package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPages holds as many connections to the page as an address may have: one more is
// closed, a WebSocket does not count, and there is a place again when one has gone.
func TestPages(t *testing.T) {
	const most = 5
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hijack" {
				nc, _, _ := http.NewResponseController(w).Hijack()
				fmt.Fprint(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}),
		ConnState: newPages(most, nil).follow,
	}
	go site.Serve(ln)
	t.Cleanup(func() { site.Shutdown(context.Background()) })
	get := func(c net.Conn, path string) bool {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && res.StatusCode == http.StatusOK
	}
	var kept []net.Conn
	for range most {
		c := dial(t, ln.Addr().String())
		if !get(c, "/") {
			t.Fatal("one that fits gets no answer")
		}
		kept = append(kept, c)
	}
	if get(dial(t, ln.Addr().String()), "/") {
		t.Error("one too many gets an answer")
	}
	if !get(kept[0], "/hijack") { // it is no page any more
		t.Fatal("no hijack")
	}
	c := dial(t, ln.Addr().String())
	if !get(c, "/") {
		t.Error("a hijacked connection still counts")
	}
	c.Close()
	if !eventually(func() bool { return get(dial(t, ln.Addr().String()), "/") }) {
		t.Error("a closed connection still counts")
	}
}

// TestPageNobodyReads asks for much and reads nothing: the connection is given up.
func TestPageNobodyReads(t *testing.T) {
	s := startServer(t, func(c *config) { c.limits.write = 50 * time.Millisecond })
	c := dial(t, s.http)
	c.SetReadBuffer(4096)
	c.SetDeadline(time.Now().Add(patience))
	const asked = 1000
	go io.WriteString(c, strings.Repeat("GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n", asked))
	if !eventually(func() bool { return !serves(serverGoroutines()) }) {
		t.Error("it is still being answered")
	}
	got, _ := io.ReadAll(c)
	if n := strings.Count(string(got), "HTTP/1.1 200"); n >= asked {
		t.Errorf("%d answers were kept for it", n)
	}
}

// serves reports whether a request is being answered among goroutines.
func serves(goroutines []string) bool {
	return slices.ContainsFunc(goroutines, func(stack string) bool { return strings.Contains(stack, "net/http.(*conn).serve") })
}
