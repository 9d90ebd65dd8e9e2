package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/hub/hubtest"
)

// pair returns a Conn and the other end of its connection.
func pair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	server, peer := hubtest.TCPPair(t)
	c := new(Conn)
	if err := c.Init(server, new(Group), endOfLine, time.Second); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, peer
}

// TestRead reads writes of all sizes, into small and large buffers.
func TestRead(t *testing.T) {
	c, peer := pair(t)
	var sent strings.Builder
	for _, n := range []int{1, smallRead - 1, smallRead, smallRead + 1, largeRead, 3*largeRead + 7, 5, smallRead, 1} {
		sent.WriteString(strings.Repeat(string(rune('a'+n%26)), n))
	}
	go func() {
		io.WriteString(peer, sent.String())
		peer.CloseWrite()
	}()
	var got strings.Builder
	for {
		b, err := c.Read()
		if err == io.EOF {
			break
		}
		if err != nil || len(b) == 0 {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		got.Write(b)
	}
	if got.String() != sent.String() {
		t.Errorf("read %d bytes, not the %d that were sent", got.Len(), sent.Len())
	}
	if _, err := c.Read(); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

// TestReadError reads from a connection that was reset.
func TestReadError(t *testing.T) {
	c, peer := pair(t)
	peer.SetLinger(0)
	peer.Close()
	if b, err := c.Read(); err == nil || err == io.EOF {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestEndReading(t *testing.T) {
	c, _ := pair(t)
	ended := make(chan error)
	go func() {
		_, err := c.Read()
		ended <- err
	}()
	c.EndReading()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestReadWithin reads from a peer that sends nothing at first. It also calls EndReading while
// and before ReadWithin waits.
func TestReadWithin(t *testing.T) {
	const d = 20 * time.Millisecond
	c, peer := pair(t)
	start := time.Now()
	if b, err := c.ReadWithin(d); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < d {
		t.Errorf("from a quiet peer after %v: %q, %v", time.Since(start), b, err)
	}
	time.AfterFunc(2*d, func() { io.WriteString(peer, "x") })
	if b, err := c.Read(); string(b) != "x" || err != nil { // without a deadline
		t.Errorf("%q, %v", b, err)
	}
	io.WriteString(peer, "y")
	if b, err := c.ReadWithin(time.Minute); string(b) != "y" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	ended := make(chan error)
	go func() {
		_, err := c.ReadWithin(time.Minute)
		ended <- err
	}()
	c.EndReading()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("EndReading: %v", err)
	}
	if b, err := c.ReadWithin(time.Minute); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after EndReading: %q, %v", b, err)
	}
}

// TestCloseWhileWriting closes a connection during a write. The descriptor stays open until the
// end of the write, so that no other connection can get its number.
func TestCloseWhileWriting(t *testing.T) {
	c, _ := pair(t)
	c.writeMu.Lock() // like TryWrite
	closed := make(chan error)
	go func() { closed <- c.Close() }()
	select {
	case err := <-closed:
		t.Errorf("closed during a write: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	c.writeMu.Unlock()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if n, err := c.TryWrite([]byte("late\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %d, %v", n, err)
	}
}

// TestWriteLast checks that nothing follows the last frame, and that WriteLast stops a write
// that takes too long.
func TestWriteLast(t *testing.T) {
	c, peer := pair(t)
	if err := c.WriteLast([]byte("bye\n"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if n, err := c.TryWrite([]byte("late\n")); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the last: %d, %v", n, err)
	}
	go c.Linger(time.Minute)
	if b, err := io.ReadAll(peer); string(b) != "bye\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}

	c, _ = pair(t)
	stuck := make(chan error)
	go func() {
		_, err := c.Write([]byte(strings.Repeat("line\n", 4<<20)))
		stuck <- err
	}()
	for { // until Write has started
		if n, err := c.TryWrite(nil); n == 0 && err != nil {
			break
		}
	}
	if err := c.WriteLast([]byte("bye\n"), time.Millisecond); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after a write that waits: %v", err)
	}
	if err := <-stuck; !errors.Is(err, os.ErrClosed) {
		t.Errorf("the write that waited: %v", err)
	}
}
