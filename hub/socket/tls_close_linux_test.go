package socket

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// TestTLSClosed closes connections in each way. Only after a clean end the peer gets io.EOF.
func TestTLSClosed(t *testing.T) {
	for name, c := range map[string]struct {
		close func(*Conn) error
		clean bool
	}{
		"Close":   {(*Conn).Close, true},
		"Dismiss": {(*Conn).Dismiss, true},
		"Linger":  {func(c *Conn) error { return c.Linger(time.Millisecond) }, true},
		"WriteLast": {func(c *Conn) error {
			return errors.Join(c.WriteLast([]byte("last\n"), time.Minute), c.Linger(time.Millisecond))
		}, true},
		"Reset": {(*Conn).Reset, false},
	} {
		t.Run(name, func(t *testing.T) {
			conn, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
			if _, err := conn.TryWrite([]byte("bye\n")); err != nil {
				t.Fatal(err)
			}
			if err := c.close(conn); err != nil {
				t.Error(err)
			}
			got, err := io.ReadAll(peer)
			if c.clean != (err == nil) || c.clean && !strings.HasPrefix(string(got), "bye\n") {
				t.Errorf("the peer reads %q, %v", got, err)
			}
			if n, err := conn.TryWrite([]byte("late\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
				t.Errorf("a write after %s: %d, %v", name, n, err)
			}
			conn.Close()
		})
	}
}

// TestTLSCloseFull closes a connection that takes no more. The peer notices that the end is missing.
func TestTLSCloseFull(t *testing.T) {
	c, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
	for err := error(nil); err == nil; {
		_, err = c.TryWrite([]byte(strings.Repeat("line\n", 1000)))
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if n, err := io.Copy(io.Discard, peer); err == nil {
		t.Errorf("the peer reads %d bytes and a clean end", n)
	}
}
