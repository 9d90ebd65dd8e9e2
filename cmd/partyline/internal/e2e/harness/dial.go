package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// Dial connects without reading. The connection is closed at the end of the test.
func Dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// DialListener connects to the address of a listener as the log has it, which may be that of a unix socket.
func DialListener(addr string) (net.Conn, error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		return net.Dial("unix", path)
	}
	return net.Dial("tcp", addr)
}

// DialWebSocket opens a WebSocket. The connection is closed at the end of the test.
func DialWebSocket(t *testing.T, url string, opts *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, url, opts)
	if err == nil {
		conn.SetReadLimit(1 << 20)
		t.Cleanup(func() { conn.CloseNow() })
	}
	return conn, res, err
}

// DialUpgrade connects and requests a WebSocket at target, which is a path and a query. An empty protocol
// requests no subprotocol. DialUpgrade does not read the response.
func DialUpgrade(t *testing.T, addr, target, protocol string) *net.TCPConn {
	t.Helper()
	if protocol != "" {
		protocol = "Sec-WebSocket-Protocol: " + protocol + "\r\n"
	}
	conn := Dial(t, addr)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", target, addr, protocol)
	return conn
}

// DialFrozen connects a client over each transport. These clients never read. Another client sends more messages
// than the kernel buffers for them.
func DialFrozen(t *testing.T, p *Program) {
	t.Helper()
	for _, conn := range []*net.TCPConn{Dial(t, p.TCP), DialUpgrade(t, p.HTTP, "/ws", "")} {
		if err := conn.SetReadBuffer(4096); err != nil {
			t.Fatal(err)
		}
	}
	sender := DialText(t, p.TCP)
	ExpectLine(t, sender.Out, WelcomeLine)
	for members := 0; members < 3; { // all clients must have joined before the messages
		sender.Say(t, "/who")
		members = len(strings.Split(ExpectLine(t, sender.Out, "= (.*)")[0], ", "))
	}
	line := append(bytes.Repeat([]byte("a"), 1000), '\n')
	if _, err := sender.Conn.Write(bytes.Repeat(line, 1000)); err != nil {
		t.Fatal(err)
	}
	sender.Say(t, "that was much")
	ExpectLine(t, sender.Out, `\S+: that was much`)
}
