package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
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
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
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
