//go:build !portable

package socket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// unixPair returns a Conn of g over a unix socket, and its peer.
func unixPair(t *testing.T, g *Group, timeout time.Duration) (*Conn, *hubtest.Socket) {
	t.Helper()
	server, _, peer := hubtest.Unix.Pair(t)
	c := new(Conn)
	if err := c.Init(server, g, endOfLine, timeout); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, peer
}

// TestUnixOptions checks that a Group sets no option that a unix socket does not have, and that
// the address names the peer.
func TestUnixOptions(t *testing.T) {
	var g Group
	log := logged(&g)
	c, _ := unixPair(t, &g, time.Minute)
	g.check()
	want := fmt.Sprintf("unix:pid=%d,uid=%d", os.Getpid(), os.Getuid())
	if got := c.RemoteAddr().String(); got != want {
		t.Errorf("the address is %q, not %q", got, want)
	}
	c.Reset()
	if log.Len() > 0 {
		t.Errorf("the log has %q", log)
	}
}

// TestFrozenUnixPeer is like TestFrozenPeer, for unix sockets. Both peers continue to be sent
// something, and the steady one lags more and more.
func TestFrozenUnixPeer(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	g := &Group{deadAfter: timeout}
	frozen, _ := unixPair(t, g, timeout)
	steady, peer := unixPair(t, g, timeout)
	write := func(c *Conn) error {
		_, err := c.TryWrite(line(100))
		if errors.Is(err, hub.ErrWouldBlock) {
			return nil
		}
		return err
	}
	end := readEnd(frozen)
	start := time.Now()
	for {
		if err := write(steady); err != nil {
			t.Fatalf("a peer that reads is dropped: %v", err)
		}
		if _, err := io.ReadFull(peer, make([]byte, 50)); err != nil {
			t.Fatal(err)
		}
		write(frozen)
		select {
		case err := <-end:
			if !errors.Is(err, hub.ErrSlow) {
				t.Errorf("a frozen peer ends reading with %v", err)
			}
			if err := write(frozen); !errors.Is(err, hub.ErrSlow) {
				t.Errorf("a frozen peer ends writing with %v", err)
			}
			if time.Since(start) < timeout {
				t.Errorf("a frozen peer is dropped after %v", time.Since(start))
			}
			return
		case <-time.After(20 * time.Millisecond):
			if time.Since(start) > 20*time.Second {
				t.Fatal("a frozen peer is not dropped")
			}
		}
	}
}

// TestUnixHangUp has a peer send lines and close its end, with and without unread input. The lines
// can be read, then the end, and a write fails.
func TestUnixHangUp(t *testing.T) {
	for name, want := range map[string]error{"unread": syscall.ECONNRESET, "": io.EOF} {
		c, peer := unixPair(t, new(Group), time.Minute)
		if _, err := c.Write([]byte(name)); err != nil {
			t.Fatal(err)
		}
		sent := strings.Repeat("line\n", 100)
		io.WriteString(peer, sent)
		peer.Close()
		if _, err := c.Write([]byte("late\n")); !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%q: a write fails with %v", name, err)
		}
		if err := c.Watch(time.Millisecond, true); err != nil {
			t.Errorf("%q: before the lines are read: %v", name, err)
		}
		var got bytes.Buffer
		var end error
		for end == nil {
			var b []byte
			b, end = c.Read()
			got.Write(b)
		}
		if got.String() != sent || !errors.Is(end, want) {
			t.Errorf("%q: read %d bytes and %v, want %d and %v", name, got.Len(), end, len(sent), want)
		}
		if err := c.Watch(time.Minute, true); err != io.EOF {
			t.Errorf("%q: at the end Watch returns %v", name, err)
		}
	}
}

// TestUnsupported initializes a Conn for a connection without a descriptor.
func TestUnsupported(t *testing.T) {
	nc, _ := net.Pipe()
	defer nc.Close()
	if err := new(Conn).Init(nc, new(Group), endOfLine, time.Second); err != ErrUnsupported {
		t.Errorf("got %v", err)
	}
}
