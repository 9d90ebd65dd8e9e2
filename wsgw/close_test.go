package wsgw

import (
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"partyline/hub"
)

// newConn returns a conn that no hub serves, and its client after the handshake.
func newConn(t *testing.T) (*conn, *rawClient) {
	t.Helper()
	g := &Gateway{MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	conns := make(chan *conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := g.upgrade(w, r)
		if err != nil {
			t.Error(err)
		}
		conns <- c
	}))
	t.Cleanup(server.Close)
	client := (&testServer{addr: server.Listener.Addr().String()}).dial(t, "room", "eve")
	client.send(client.request)
	res, err := http.ReadResponse(client.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	client.checkAccepted(res)
	c := <-conns
	t.Cleanup(func() { c.Conn.Close() })
	return c, client
}

// closeReasons are the reasons for which the server closes first. bound is how long the server
// waits for the client's Close.
var closeReasons = map[string]struct {
	reason error
	code   uint16
	bound  time.Duration
}{
	"quit":             {hub.ErrQuit, 1000, lingerTime},
	"shutdown":         {hub.ErrShutdown, 1012, shutdownLingerTime},
	"fault":            {hub.ErrFault, 1011, lingerTime},
	"a protocol error": {errNotUTF8, 1007, lingerTime},
}

// readClose reads the server's close frame, and checks that the connection stays open.
func (c *rawClient) readClose(want uint16) {
	c.t.Helper()
	opcode, payload, err := c.frame()
	if err != nil || opcode != 8 || binary.BigEndian.Uint16([]byte(payload)) != want {
		c.t.Fatalf("opcode %d, %q, %v; want a Close with %d", opcode, payload, err, want)
	}
	c.tcp.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if b, err := c.in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("before its own Close the client gets %q, %v", b, err)
	}
	c.tcp.SetReadDeadline(time.Now().Add(30 * time.Second))
}

// TestCloseWaits checks that the server ends the connection after the client's Close and not
// before, for every code and every position in the client's frames (RFC 6455 section 7.1.1).
// Browsers then report a clean close.
func TestCloseWaits(t *testing.T) {
	t.Parallel()
	whole := frame(0x81, "a message")
	for name, c := range closeReasons {
		for position, cut := range map[string]int{
			"between frames": 0, "in a header": 1, "in a mask": 4, "in a payload": len(whole) - 2,
		} {
			t.Run(name+" "+position, func(t *testing.T) {
				t.Parallel()
				conn, client := newConn(t)
				client.send(text("first"), whole[:cut])
				if line, err := conn.ReadLine(); err != nil || string(line) != "first" {
					t.Fatalf("%q, %v", line, err)
				}
				read := make(chan error, 1)
				go func() { // like the session while the hub closes
					_, err := conn.ReadLine()
					read <- err
				}()
				start := time.Now()
				closed := make(chan error, 1)
				go func() { closed <- conn.Close(c.reason) }()
				client.readClose(c.code)
				if err := <-read; err == nil {
					t.Error("ReadLine returns a line")
				}
				client.send(whole[cut:], ping("p"), clientClose(c.code, ""))
				if rest, err := io.ReadAll(client.in); len(rest) > 0 || err != nil {
					t.Errorf("after its Close the client gets %q, %v", rest, err)
				}
				if took := time.Since(start); took >= c.bound {
					t.Errorf("the connection ended after %v", took)
				}
				client.tcp.Close()
				<-closed
			})
		}
	}
}

// TestCloseUnanswered closes a connection whose client never sends its Close. The server ends
// it after the bound. The client in TestConformanceClosing continues to send.
func TestCloseUnanswered(t *testing.T) {
	t.Parallel()
	for name, c := range closeReasons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, client := newConn(t)
			start := time.Now()
			closed := make(chan time.Duration, 1)
			go func() {
				conn.Close(c.reason)
				closed <- time.Since(start)
			}()
			client.readClose(c.code)
			if took := <-closed; took < c.bound || took > c.bound+2*time.Second {
				t.Errorf("it took %v, want %v", took, c.bound)
			}
		})
	}
}
