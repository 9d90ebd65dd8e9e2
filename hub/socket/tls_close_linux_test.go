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
			if _, err := conn.Write([]byte("bye\n")); err != nil {
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

// TestTLSCloseFull closes connections whose peer lags. It can still read everything that counts as
// written, and a clean end.
func TestTLSCloseFull(t *testing.T) {
	for _, network := range []hubtest.Network{hubtest.TLSOverTCP, hubtest.TLSOverUnix} {
		c, peer := tlsPair(t, new(Group), network)
		written := int64(0)
		for err := error(nil); err == nil; {
			var n int
			n, err = c.TryWrite([]byte(strings.Repeat("line\n", 1000)))
			written += int64(n)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(io.Discard, peer); err != nil || n != written {
			t.Errorf("%s: the peer reads %d bytes of %d and %v", network.Name, n, written, err)
		}
	}
}

// TestTLSAfterStop completes a handshake after Stop, as a gateway that ends may do. Nothing more is
// sent: the descriptor may be closed and belong to another connection.
func TestTLSAfterStop(t *testing.T) {
	server, config, peer := hubtest.TLSOverTCP.Pair(t)
	c := new(Conn)
	if err := c.Init(server, new(Group), endOfLine, time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Stop()
	shook := make(chan error)
	go func() { shook <- peer.TLS.Handshake() }()
	if err := c.StartTLS(config, nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := <-shook; err != nil {
		t.Fatal(err)
	}
	if _, err := c.TryWrite([]byte("late\n")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a write after Stop: %v", err)
	}
	if err := c.Dismiss(); err != nil {
		t.Error(err)
	}
	if got, err := io.ReadAll(peer); len(got) > 0 || err != io.ErrUnexpectedEOF {
		t.Errorf("the peer reads %q, %v", got, err)
	}
}
