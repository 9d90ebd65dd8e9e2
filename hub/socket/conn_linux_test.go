package socket

import (
	"bytes"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"partyline/hub/hubtest"
)

// TestKeepAlive adds up how long the kernel waits for a quiet peer that is gone without a
// word.
func TestKeepAlive(t *testing.T) {
	c, _ := pair(t)
	get := func(level, option int) time.Duration {
		t.Helper()
		n, err := unix.GetsockoptInt(int(c.fd), level, option)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n)
	}
	if get(unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 {
		t.Error("keep-alive is off")
	}
	idle, interval, count := get(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE), get(unix.IPPROTO_TCP, unix.TCP_KEEPINTVL), get(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
	if d := (idle + interval*count) * time.Second; d > time.Minute {
		t.Errorf("a quiet peer that is dead is found after %v", d)
	}
	if get(unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) != 0 {
		t.Error("the kernel ends the connection of a steady reader")
	}
}

// TestDeadPeer cuts the line to a peer that was sent something. It is given up, by a read
// that waits and by a write; a peer whose window is closed is not.
func TestDeadPeer(t *testing.T) {
	server, client := hubtest.Namespaces(t)
	g := &Group{deadAfter: time.Second}
	ln := server.Listen(t)
	open := func() (*Conn, net.Conn) {
		peer := client.Dial(t, ln.Addr().String(), 4096)
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c := new(Conn)
		if err := c.Init(nc.(*net.TCPConn), g, EndOfLine, time.Minute); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			c.Reset()
			peer.Close()
		})
		return c, peer
	}
	dead, _ := open()
	full, _ := open()
	for {
		if _, err := full.TryWrite(bytes.Repeat([]byte("full\n"), 4096)); err != nil {
			break
		}
	}
	ends := make(chan error, 2)
	read := func(c *Conn) {
		_, err := c.Read()
		ends <- err
	}
	go read(full)
	select {
	case err := <-ends:
		t.Fatalf("a peer that reads nothing for now counts as dead: %v", err)
	case <-time.After(3 * time.Second):
	}
	client.Cut(t)
	if _, err := dead.TryWrite([]byte("hello?\n")); err != nil {
		t.Fatal(err)
	}
	go read(dead)
	select {
	case err := <-ends:
		if err != ErrDead {
			t.Errorf("a dead peer ends reading with %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("a dead peer is not given up")
	}
	if _, err := dead.TryWrite([]byte("hello?\n")); err != ErrDead {
		t.Errorf("a dead peer ends writing with %v", err)
	}
}
