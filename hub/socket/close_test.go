package socket

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// TestClosed closes connections in each way. The Group removes the connection and, with the
// last one, its timer. Later writes fail. Closing again does nothing.
func TestClosed(t *testing.T) {
	for name, closeConn := range map[string]func(c *Conn) error{
		"Close":   (*Conn).Close,
		"Reset":   (*Conn).Reset,
		"Dismiss": (*Conn).Dismiss,
		"Linger":  func(c *Conn) error { return c.Linger(time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := pair(t)
			g := c.group
			g.mu.Lock()
			if len(g.conns) != 1 || g.timer == nil {
				t.Error("the Group does not check an open connection")
			}
			g.mu.Unlock()
			if err := closeConn(c); err != nil {
				t.Error(err)
			}
			g.mu.Lock()
			if len(g.conns) != 0 || g.timer != nil {
				t.Errorf("%d connections are left", len(g.conns))
			}
			g.mu.Unlock()
			if n, err := c.TryWrite([]byte("late\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
				t.Errorf("a write after %s: %d, %v", name, n, err)
			}
			c.Close()
		})
	}
}

// TestDismiss dismisses a peer that has sent something. The peer reads the last line and the
// end of the input, and is not reset.
func TestDismiss(t *testing.T) {
	for _, n := range []int{0, 1, 10_000} {
		c, peer := pair(t)
		if _, err := peer.Write(make([]byte, n)); err != nil {
			t.Fatal(err)
		}
		for got := !rawIO; n > 0 && !got; { // until it is received
			if err := c.raw.Control(func(fd uintptr) { got, _ = readable(fd) }); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := c.Write([]byte("bye\n")); err != nil {
			t.Fatal(err)
		}
		if err := c.Dismiss(); err != nil {
			t.Error(err)
		}
		if got, err := io.ReadAll(peer); string(got) != "bye\n" || err != nil {
			t.Errorf("a peer that has sent %d bytes reads %q, %v", n, got, err)
		}
		if _, err := peer.Write([]byte("late\n")); err != nil {
			t.Errorf("a peer that has sent %d bytes is reset: %v", n, err)
		}
	}
}
