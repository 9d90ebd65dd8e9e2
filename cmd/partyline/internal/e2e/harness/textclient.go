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

// TextClient is a client in text over TCP or a unix socket.
type TextClient struct {
	Conn net.Conn
	Out  *Feed[string] // the lines that it receives
}

// DialText connects to addr, which may be that of a unix socket as --tcp takes it, and reads lines.
func DialText(t *testing.T, addr string) *TextClient {
	t.Helper()
	conn, err := DialListener(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return ReadText(conn)
}

// ReadText returns a client that reads conn.
func ReadText(conn net.Conn) *TextClient {
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
