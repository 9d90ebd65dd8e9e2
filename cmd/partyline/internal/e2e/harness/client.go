package harness

import (
	"fmt"
	"net"
	"testing"
)

const (
	// WelcomeLine matches the first line that a client in text receives. Its group is the nickname.
	WelcomeLine = `\* You are (\S+) in #\w+, .*`
	// GoodbyeLine matches the last line that a client in text receives when the server stops.
	GoodbyeLine = `-- goodbye: the server is restarting, .* --`
)

// TextClient is a client in text over TCP.
type TextClient struct {
	Conn *net.TCPConn
	Out  *Feed[string] // the lines that it receives
}

// DialText connects to addr and reads lines.
func DialText(t *testing.T, addr string) *TextClient {
	t.Helper()
	return ReadText(Dial(t, addr))
}

// ReadText returns a client that reads conn.
func ReadText(conn *net.TCPConn) *TextClient {
	c := &TextClient{conn, NewFeed[string]()}
	go ReadLines(conn, c.Out)
	return c
}

// Say sends a line.
func (c *TextClient) Say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c.Conn, line); err != nil {
		t.Fatal(err)
	}
}

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

// DialRawWebSocket opens a WebSocket and returns the connection under it.
func DialRawWebSocket(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	conn := Dial(t, addr)
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", addr)
	return conn
}

// Netcat starts netcat as a client. It returns the process and its nickname.
func Netcat(t *testing.T, addr string) (p *Process, nick string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(addr)
	p = Start(t, NeedProgram(t, "nc.openbsd", "nc"), host, port)
	return p, ExpectLine(t, p.Out, WelcomeLine)[0]
}
