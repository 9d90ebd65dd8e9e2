package hubtest

import (
	"errors"
	"io"
	"testing"
	"time"

	"partyline/hub"
)

// watcher returns p's Conn as a hub.Watcher, which every transport must implement.
func (p Pair) watcher(t *testing.T) hub.Watcher {
	t.Helper()
	w, ok := p.Conn.(hub.Watcher)
	if !ok {
		t.Fatal("this Conn is not a hub.Watcher")
	}
	return w
}

// watch calls Watch for longer than the test may take. The channel receives its error.
func (p Pair) watch(t *testing.T) <-chan error {
	t.Helper()
	w := p.watcher(t)
	ended := make(chan error, 1)
	go func() { ended <- w.Watch(10 * patience) }()
	return ended
}

// testWatch checks that Watch waits for d even if lines arrive, and leaves them to ReadLine.
func testWatch(t *testing.T, p Pair) {
	w := p.watcher(t)
	const d = 50 * time.Millisecond
	for _, line := range []string{"one", "two"} {
		p.Peer.Send(line)
		start := time.Now()
		if err := w.Watch(d); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < d {
			t.Errorf("Watch returned after %v, want %v", took, d)
		}
	}
	for _, want := range []string{"one", "two"} {
		if line, err := p.Conn.ReadLine(); err != nil || string(line) != want {
			t.Fatalf("%q, %v; want %q", line, err, want)
		}
		if err := w.Watch(0); err != nil {
			t.Fatal(err)
		}
	}
}

// testWatchEnd checks that Watch returns if the peer ends its side before or during the call.
func testWatchEnd(t *testing.T, p Pair) {
	needRawIO(t)
	ended := p.watch(t)
	p.Peer.End()
	for range 2 {
		if err := <-ended; err == nil {
			t.Fatal("Watch did not report the end of the input")
		}
		ended = p.watch(t)
	}
	if line, err := p.Conn.ReadLine(); err == nil {
		t.Errorf("a line %q after the end", line)
	}
}

// testWatchUnread checks that Watch does not report the end of the input before the lines
// ahead of it are read, whether the kernel or the Conn has them.
func testWatchUnread(t *testing.T, p Pair) {
	needRawIO(t)
	w := p.watcher(t)
	want := []string{"one", "two", "three"}
	for _, line := range want {
		p.Peer.Send(line)
	}
	p.Peer.End()
	for _, line := range want {
		if err := w.Watch(50 * time.Millisecond); err != nil {
			t.Fatalf("before %q was read: %v", line, err)
		}
		if got, err := p.Conn.ReadLine(); err != nil || string(got) != line {
			t.Fatalf("%q, %v; want %q", got, err, line)
		}
	}
	if err := <-p.watch(t); err == nil {
		t.Error("Watch did not report the end of the input")
	}
}

// testWatchReset checks that Watch reports a reset after all lines are read, and that lines can
// be read after a reset.
func testWatchReset(t *testing.T, p Pair) {
	needRawIO(t)
	w := p.watcher(t)
	want := []string{"one", "two", "three"}
	for _, line := range want {
		p.Peer.Send(line)
	}
	if line, err := p.Conn.ReadLine(); err != nil || string(line) != want[0] {
		t.Fatalf("%q, %v", line, err)
	}
	p.Peer.Break()
	for _, line := range want[1:] {
		if err := w.Watch(50 * time.Millisecond); err != nil {
			t.Fatalf("before %q was read: %v", line, err)
		}
		if got, err := p.Conn.ReadLine(); err != nil || string(got) != line {
			t.Fatalf("%q, %v; want %q", got, err, line)
		}
	}
	if err := <-p.watch(t); err == nil {
		t.Error("Watch did not report the reset")
	}
}

// testWatchClose checks that Watch returns immediately when Close is called, and after Close.
func testWatchClose(t *testing.T, p Pair) {
	p.Peer.Send("unread")
	ended := p.watch(t)
	closed := make(chan error, 1)
	go func() { closed <- p.Conn.Close(hub.ErrShutdown) }()
	if err := <-ended; err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want an error that is not io.EOF", err)
	}
	p.Peer.Break()
	<-closed
	if err := p.watcher(t).Watch(10 * patience); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v", err)
	}
}

// needRawIO skips a test of what a Conn can do only with RawIO.
func needRawIO(t *testing.T) {
	t.Helper()
	if !RawIO {
		t.Skip("there is no RawIO")
	}
}
