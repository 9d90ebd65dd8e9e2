package wsgw

import (
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestHandshakeUnread: a client that has not read what it was sent before, so that the answer
// to its handshake finds no room, does not hold its place, or the end of the server, for long.
func TestHandshakeUnread(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client.(*net.TCPConn).SetReadBuffer(4096) // buffers of a set size do not grow later
	server.(*net.TCPConn).SetWriteBuffer(4096)
	server.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for err == nil {
		_, err = server.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	server.SetWriteDeadline(time.Time{})

	ended := make(chan error, 1)
	go func() {
		_, err := (&Gateway{MaxLine: 100}).upgrade(&responseWriter{server}, &http.Request{Method: "GET", Header: http.Header{
			"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}})
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the answer was written")
		}
	case <-time.After(handshakeWait + 10*time.Second):
		t.Error("the handshake waits for the client to read")
	}
}
