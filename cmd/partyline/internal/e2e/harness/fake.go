package harness

import (
	"io"
	"net"
	"testing"
)

// FakeWelcome is the answer to the first request of package client.
const FakeWelcome = `{"type":"welcome","ref":"enter","room":"lobby","nick":"guest-abcd","members":[],"count":1,"last":0}` + "\n"

// Listen returns the address of a listener on loopback. It calls serve for each connection, in a goroutine of its own,
// until the end of the test, when it closes the connections.
func Listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go serve(conn)
		}
	}()
	return ln.Addr().String()
}

// ListenAndSend returns the address of a server that sends each client some bytes, and reads what it sends. If
// hangUp is set, it then ends the connection.
func ListenAndSend(t *testing.T, sent string, hangUp bool) string {
	t.Helper()
	return Listen(t, func(conn net.Conn) {
		io.WriteString(conn, sent)
		if hangUp {
			conn.(*net.TCPConn).CloseWrite()
		}
		io.Copy(io.Discard, conn)
	})
}
