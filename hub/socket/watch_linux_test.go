//go:build !portable

package socket

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// TestWatch watches a peer that does nothing, then sends something, then resets the connection.
func TestWatch(t *testing.T) {
	const d = 20 * time.Millisecond
	c, peer := pair(t)
	quiet := func(when string, drained bool) {
		t.Helper()
		start := time.Now()
		if err := c.Watch(d, drained); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if took := time.Since(start); took < d {
			t.Errorf("%s: it took %v", when, took)
		}
	}
	quiet("a quiet peer", true)
	io.WriteString(peer, "x")
	quiet("an unread byte", true)
	peer.CloseWrite()
	quiet("the end after an unread byte", true)
	hubtest.Reset(peer)
	quiet("a reset after an unread byte", true)
	if b, err := c.Read(); string(b) != "x" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	quiet("the end while the gateway holds something", false)
	if err := c.Watch(time.Minute, true); err == nil {
		t.Error("the reset is not noticed")
	}
	if _, err := c.Read(); err == nil {
		t.Error("a read after the reset")
	}
}

// TestWatchEndsEarly ends the input, resets the connection and calls EndReading during Watch.
func TestWatchEndsEarly(t *testing.T) {
	watch := func(c *Conn, drained bool) <-chan error {
		ended := make(chan error, 1)
		go func() { ended <- c.Watch(time.Minute, drained) }()
		return ended
	}
	c, peer := pair(t)
	ended := watch(c, true)
	peer.CloseWrite()
	if err := <-ended; err != io.EOF {
		t.Errorf("the end of the input: %v", err)
	}

	c, peer = pair(t)
	ended = watch(c, true)
	hubtest.Reset(peer)
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a reset: %v", err)
	}

	c, _ = pair(t)
	ended = watch(c, true)
	c.EndReading()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("EndReading: %v", err)
	}
	if err := c.Watch(time.Minute, true); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after EndReading: %v", err)
	}
	if _, err := c.Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read after a watch after EndReading: %v", err)
	}
}
