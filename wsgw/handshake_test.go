package wsgw

import (
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// TestHandshakeUnread upgrades a connection whose send buffer has no room for the response. The
// handshake must end within handshakeTimeout, so that the client does not keep its slot.
func TestHandshakeUnread(t *testing.T) {
	t.Parallel()
	for range 20 { // the kernel may make room for the response after all
		ended := make(chan error, 1)
		server := unreadConn(t)
		go func() {
			_, err := (&Gateway{MaxLine: 100}).upgrade(&responseWriter{server}, &http.Request{Method: "GET", Header: http.Header{
				"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
			}})
			ended <- err
		}()
		select {
		case err := <-ended:
			if err != nil {
				return
			}
		case <-time.After(handshakeTimeout + 20*time.Second):
			t.Fatal("the handshake waits for the client to read")
		}
	}
	t.Error("the response was written each time")
}

// unreadConn returns a connection whose send buffer is full, because its peer reads nothing.
func unreadConn(t *testing.T) net.Conn {
	server, _ := hubtest.TCPPair(t)
	server.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	var err error
	for err == nil {
		_, err = server.Write(make([]byte, 1<<20))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	server.SetWriteDeadline(time.Time{})
	return server
}
