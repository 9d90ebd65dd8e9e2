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

// TestWatch watches a peer that does nothing, that said something, and that is gone.
func TestWatch(t *testing.T) {
	const d = 20 * time.Millisecond
	c, peer := pair(t)
	quiet := func(when string, drained bool) {
		t.Helper()
		begun := time.Now()
		if err := c.Watch(d, drained); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		if took := time.Since(begun); took < d {
			t.Errorf("%s: it took %v", when, took)
		}
	}
	quiet("a quiet peer", true)
	io.WriteString(peer, "x")
	quiet("a byte that was not read", true)
	peer.CloseWrite()
	quiet("the end after a byte that was not read", true)
	hubtest.Reset(peer)
	quiet("a reset after a byte that was not read", true)
	if b, err := c.Read(); string(b) != "x" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	quiet("the end after what the gateway holds", false)
	if err := c.Watch(time.Minute, true); err == nil {
		t.Error("the reset is not noticed")
	}
	if _, err := c.Read(); err == nil {
		t.Error("a read after the reset")
	}
}

// TestWatchEndsEarly has the end of the input, a reset and EndReading come while a peer is
// watched.
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
