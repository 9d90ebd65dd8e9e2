package hubtest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/hub"
)

func testFrames(t *testing.T, p Pair) {
	var frames []byte
	var want []string
	for i, size := range []int{0, 1, 100, 110, 125, 126, 127, 4096, 65_000, 70_000} {
		want = append(want, fmt.Sprintf("n: %d %s", i, strings.Repeat("x", size)))
		frames = p.Codec.Append(frames, message(want[i][3:]))
	}
	wrote := make(chan error, 1)
	go func() {
		n, err := p.Conn.Write(frames)
		if n != len(frames) {
			err = errors.Join(err, fmt.Errorf("wrote %d of %d", n, len(frames)))
		}
		wrote <- err
	}()
	for _, w := range want {
		p.receive(t, w)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// testFull fills a socket with TryWrite, then writes the rest with Write while the peer reads.
func testFull(t *testing.T, p Pair) {
	try, ok := p.Conn.(hub.TryWriter)
	if !ok {
		t.Skip("this Conn is not a hub.TryWriter")
	}
	const events = 2000 // of one TryWrite
	text := func(i int) string { return fmt.Sprint(i, strings.Repeat(".", 100+i%900)) }
	var frames []byte
	ends := make([]int, events) // of the frames
	for i := range events {
		frames = p.Codec.Append(frames, message(text(i)))
		ends[i] = len(frames)
	}
	sent := fillSocket(t, try, frames, ends)
	wrote := make(chan error, 1)
	go func() {
		_, err := p.Conn.Write(nil)
		if err == nil {
			_, err = p.Conn.Write(p.Codec.Append(nil, message("end")))
		}
		wrote <- err
	}()
	got := 0
	for {
		event, err := p.Peer.Receive()
		if err != nil {
			t.Fatalf("after %d of %d: %v", got, sent, err)
		}
		if event == "n: end" {
			break
		}
		if want := "n: " + text(got%events); event != want {
			t.Fatalf("event %d is %.40q, want %.40q", got, event, want)
		}
		got++
	}
	if got != sent {
		t.Errorf("%d events arrived, %d were written", got, sent)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// fillSocket writes frames, which end at ends, again and again, until the socket has been full 20 times.
// It returns the number of written frames, and checks that TryWrite writes only whole frames. When the
// socket is full, the rest of a frame is pending, which must be sent before the next one. The kernel may
// move bytes of a full socket to the peer at any time.
func fillSocket(t *testing.T, try hub.TryWriter, frames []byte, ends []int) (sent int) {
	t.Helper()
	for full := 0; full < 20; {
		from := 0
		if i := sent % len(ends); i > 0 {
			from = ends[i-1]
		}
		n, err := try.TryWrite(frames[from:])
		if !errors.Is(err, hub.ErrWouldBlock) && err != nil {
			t.Fatal(err)
		}
		i, whole := slices.BinarySearch(ends, from+n)
		switch {
		case n == 0:
		case whole:
			sent += i + 1 - sent%len(ends)
		default:
			t.Fatalf("%d bytes are not whole frames", n)
		}
		if err != nil {
			full++
		}
	}
	return sent
}

func testSlow(t *testing.T, p Pair) {
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	start := time.Now()
	var err error
	for err == nil && time.Since(start) < patience {
		_, err = p.Conn.Write(frames)
	}
	if !errors.Is(err, hub.ErrSlow) {
		t.Fatalf("%v, want ErrSlow", err)
	}
	p.Conn.Close(err)
	// Close resets the connection, so that the kernel does not keep it to send the rest.
	for err = nil; err == nil; {
		_, err = p.Peer.Receive()
	}
	if err == io.EOF && !p.NoReset {
		t.Error("a slow member's connection ended cleanly")
	}
}

// testDrip checks that a member that pauses for less than the write timeout is not slow.
func testDrip(t *testing.T, p Pair) {
	frames := p.Codec.Append(nil, message(strings.Repeat("x", 60_000)))
	const n = 200 // more than all buffers hold
	wrote := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			_, err = p.Conn.Write(frames)
		}
		wrote <- err
		if err != nil {
			p.Conn.Close(err) // ends Receive
		}
	}()
	pause := time.NewTicker(WriteTimeout / 4)
	defer pause.Stop()
	for i := range n {
		if i%40 == 0 {
			<-pause.C
		}
		if _, err := p.Peer.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func testOverlap(t *testing.T, p Pair) {
	const n = 500
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			p.Peer.Send(fmt.Sprint(i))
		}
	})
	wg.Go(func() {
		for i := range n {
			p.receive(t, fmt.Sprint("n: ", i))
		}
	})
	for i := range n {
		line, err := p.Conn.ReadLine()
		if err != nil || string(line) != fmt.Sprint(i) {
			t.Fatalf("%q, %v; want %d", line, err, i)
		}
		if _, err := p.Conn.Write(p.Codec.Append(nil, message(string(line)))); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}
