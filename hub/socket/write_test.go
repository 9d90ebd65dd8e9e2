package socket

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"partyline/hub"
)

// TestWholeFrames fills a connection and has the rest written when the peer reads. Only whole
// frames count as written, and the peer receives each frame once.
func TestWholeFrames(t *testing.T) {
	needRawIO(t)
	for name, f := range map[string]struct {
		end   End
		frame []byte
	}{
		"short": {endOfLine, line(101)},
		"lines": {endOfLine, line(1001)},
		"large": {endOfLine, line(1<<16 + 1)},
		"fixed": {func(_ []byte, n int) int { return (n + 1004) / 1005 * 1005 }, bytes.Repeat([]byte{'\n'}, 1005)},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := pair(t)
			peer.SetReadBuffer(64 << 10)
			c.end, c.timeout = f.end, time.Minute
			all := bytes.Repeat(f.frame, 2<<20/len(f.frame))
			n, err := c.TryWrite(f.frame)
			if n != len(f.frame) || err != nil {
				t.Fatalf("the first frame: %d, %v", n, err)
			}
			for sent := n; ; sent = n {
				var m int
				m, err = c.TryWrite(all[sent:])
				n += m
				if n%len(f.frame) != 0 {
					t.Fatalf("%d bytes count as written, which are not whole frames", n)
				}
				if err != nil {
					break
				}
			}
			if err != hub.ErrWouldBlock || n == len(all) {
				t.Fatalf("a connection is not full after %d bytes: %v", n, err)
			}
			if pending := len(c.rest); pending > 0 {
				m, err := c.TryWrite(all[n:])
				if n += m; len(c.rest) == pending && (m != 0 || err != hub.ErrWouldBlock) { // the kernel has not taken more
					t.Errorf("while the rest of a frame is pending: %d, %v", m, err)
				}
			}
			if !c.IsLagging() {
				t.Error("a peer that reads nothing is not lagging")
			}

			got := make(chan []byte)
			go func() {
				b := make([]byte, len(all))
				_, err := io.ReadFull(peer, b)
				if err != nil {
					t.Error(err)
				}
				got <- b
			}()
			if _, err := c.Write(nil); err != nil || len(c.rest) > 0 {
				t.Errorf("the rest of a frame: %v, and %d bytes are left", err, len(c.rest))
			}
			if m, err := c.Write(all[n:]); m != len(all)-n || err != nil {
				t.Errorf("the other frames: %d of %d, %v", m, len(all)-n, err)
			}
			if !bytes.Equal(<-got, all) {
				t.Error("the peer receives other bytes")
			}
			for late := time.Now().Add(20 * time.Second); c.IsLagging(); time.Sleep(time.Millisecond) {
				if time.Now().After(late) {
					t.Fatal("a peer that has read everything is lagging")
				}
			}
		})
	}
}

// TestOneByte writes single bytes.
func TestOneByte(t *testing.T) {
	needRawIO(t)
	c, peer := pair(t)
	if n, err := c.Write([]byte("\n")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := c.TryWrite([]byte("\n")); n != 1 || err != nil {
		t.Errorf("TryWrite: %d, %v", n, err)
	}
	c.Stop()
	go c.Linger(time.Minute)
	if got, err := io.ReadAll(peer); string(got) != "\n\n" || err != nil {
		t.Errorf("the peer receives %q, %v", got, err)
	}
}

// TestSlow writes to a peer that reads nothing for the timeout.
func TestSlow(t *testing.T) {
	const timeout = 300 * time.Millisecond
	lines := bytes.Repeat(line(1000), 2<<10)
	c, peer := pair(t)
	peer.SetReadBuffer(64 << 10)
	c.timeout = timeout
	start := time.Now()
	n, err := c.Write(lines)
	if took := time.Since(start); err != hub.ErrSlow || took < timeout {
		t.Errorf("a peer that reads nothing is dropped after %v with %v", took, err)
	}
	if n == 0 || n%1000 != 0 {
		t.Errorf("%d bytes count as written", n)
	}
}

// TestSteady writes to a peer that reads slowly but steadily, for longer than the timeout.
func TestSteady(t *testing.T) {
	t.Parallel()
	c, peer := pair(t)
	peer.SetReadBuffer(64 << 10)
	c.timeout = 2 * time.Second
	lines := bytes.Repeat(line(1000), 4<<10)
	written := make(chan error, 1)
	go func() {
		_, err := c.Write(lines)
		written <- err
	}()
	read := 0
	for start := time.Now(); time.Since(start) < 2*c.timeout; time.Sleep(c.timeout / 10) {
		n, err := io.ReadFull(peer, make([]byte, 64<<10))
		if err != nil {
			t.Fatal(err)
		}
		read += n
	}
	if _, err := io.ReadFull(peer, make([]byte, len(lines)-read)); err != nil {
		t.Error(err)
	}
	if err := <-written; err != nil {
		t.Error(err)
	}
}

// TestWriteError writes to a peer that has reset the connection.
func TestWriteError(t *testing.T) {
	needRawIO(t) // for Watch and TryWrite
	c, peer := pair(t)
	peer.SetLinger(0)
	peer.Close()
	if err := c.Watch(time.Minute, true); err == nil {
		t.Fatal("the reset is not noticed")
	}
	n, err := c.TryWrite([]byte("hello\n"))
	if n != 0 || err == nil || errors.Is(err, hub.ErrWouldBlock) {
		t.Errorf("TryWrite: %d, %v", n, err)
	}
	if n, err := c.Write([]byte("hello\n")); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
}

// TestStop stops a waiting write.
func TestStop(t *testing.T) {
	c, _ := pair(t)
	c.timeout = time.Minute
	ended := make(chan error, 1)
	go func() {
		_, err := c.Write(bytes.Repeat(line(1000), 16<<10))
		ended <- err
	}()
	for { // until Write has started
		if n, err := c.TryWrite(nil); n == 0 && err != nil {
			break
		}
	}
	c.Stop()
	if err := <-ended; err == nil {
		t.Error("a write that waited has succeeded")
	}
	if _, err := c.Write([]byte("late\n")); err == nil {
		t.Error("a write after Stop has succeeded")
	}
}

// TestWriteWithin writes with a short timeout to a peer that does not read, and writes more when it has read.
func TestWriteWithin(t *testing.T) {
	c, peer := pair(t)
	peer.SetReadBuffer(64 << 10)
	c.timeout = time.Minute
	all := bytes.Repeat(line(100), 1<<18)
	start := time.Now()
	n, err := c.WriteWithin(all, 50*time.Millisecond)
	if err != hub.ErrSlow || n == 0 || n == len(all) {
		t.Fatalf("%d bytes of %d, %v", n, len(all), err)
	}
	if took := time.Since(start); took >= c.timeout {
		t.Errorf("it took %v", took)
	}
	go io.Copy(io.Discard, peer)
	if n, err := c.WriteWithin(line(100), time.Minute); n != len(line(100)) || err != nil {
		t.Errorf("after the peer has read: %d, %v", n, err)
	}
	if n, err := c.Write(line(100)); n != len(line(100)) || err != nil {
		t.Errorf("the next write: %d, %v", n, err)
	}
}
