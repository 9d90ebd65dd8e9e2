package app

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"
)

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
		ConnState: newHTTPConns(most, nil).track,
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
