package hubtest

import (
	"net"
	"testing"
	"time"
)

// TCPPair returns both ends of a connection on the loopback interface. They are closed when
// the test ends.
func TCPPair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		c.Close()
	})
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// Reset resets a connection. On Linux it first waits until the peer's system has acknowledged
// all written bytes, because a reset discards the others.
func Reset(c *net.TCPConn) {
	raw, err := c.SyscallConn()
	for waiting := true; err == nil && waiting; {
		if err = raw.Control(func(fd uintptr) { waiting = unacknowledged(fd) > 0 }); waiting {
			time.Sleep(time.Millisecond)
		}
	}
	c.SetLinger(0)
	c.Close()
}
