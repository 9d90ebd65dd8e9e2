package socket

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// TestTLSWrites writes frames of all sizes with TryWrite and Write, through small buffers, while the
// peer reads a bit now and then. The peer must receive the frames that count as written, and then a
// clean end.
func TestTLSWrites(t *testing.T) {
	runs := 10
	if testing.Short() {
		runs = 3
	}
	for range runs {
		seed := rand.Uint64()
		for _, network := range []hubtest.Network{hubtest.TLSOverTCP, hubtest.TLSOverUnix} {
			t.Run(fmt.Sprintf("%s with seed %d", network.Name, seed), func(t *testing.T) {
				t.Parallel()
				checkTLSWrites(t, network, rand.New(rand.NewPCG(seed, 0)))
			})
		}
	}
}

func checkTLSWrites(t *testing.T, network hubtest.Network, random *rand.Rand) {
	c, peer := tlsPair(t, new(Group), network)
	c.nc.SetWriteBuffer(16 << 10)
	if tcp, ok := peer.Raw().(*net.TCPConn); ok {
		tcp.SetReadBuffer(64 << 10)
	}
	r := &slowReader{from: peer, reads: make(chan int), ended: make(chan error, 1)}
	go r.run()
	var written []byte
	rest := false // the next call must be Write
	for range 20 {
		root := random.IntN(256) // more small frames than large ones
		size := 1 + root*root/2
		frames := bytes.Repeat(line(size), 1+random.IntN(4))
		for j := range frames {
			if frames[j] != '\n' {
				frames[j] = 'a' + byte((len(written)+j)%26)
			}
		}
		var n int
		var err error
		if rest || random.IntN(5) == 0 {
			n, err = r.write(c, frames)
		} else {
			n, err = c.TryWrite(frames)
			r.read(1 + random.IntN(16<<10))
		}
		if rest = err == hub.ErrWouldBlock; err != nil && !rest {
			t.Fatal(err)
		}
		if n%size != 0 {
			t.Fatalf("%d bytes are not whole frames of %d", n, size)
		}
		written = append(written, frames[:n]...)
	}
	if _, err := r.write(c, nil); err != nil {
		t.Fatal(err)
	}
	close(r.reads)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-r.ended; err != nil {
		t.Errorf("the peer's input ends with %v", err)
	}
	if !bytes.Equal(r.got, written) {
		t.Errorf("the peer receives %d bytes, not the %d that count as written", len(r.got), len(written))
	}
}

// A slowReader reads only what it is told to, and everything once reads is closed.
type slowReader struct {
	from  io.Reader
	reads chan int // bytes at most
	got   []byte
	ended chan error
}

func (r *slowReader) run() {
	for n := range r.reads {
		b := make([]byte, n)
		n, err := r.from.Read(b)
		r.got = append(r.got, b[:n]...)
		if err != nil { // from ReadAll too
			break
		}
	}
	rest, err := io.ReadAll(r.from)
	r.got = append(r.got, rest...)
	r.ended <- err
}

// read has r read at most n bytes, unless it still waits for some.
func (r *slowReader) read(n int) {
	select {
	case r.reads <- n:
	default:
	}
}

// write calls Write, and has r read until Write returns.
func (r *slowReader) write(c *Conn, frames []byte) (n int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n, err = c.Write(frames)
	}()
	for {
		select {
		case r.reads <- 8 << 10:
		case <-done:
			return n, err
		}
	}
}
