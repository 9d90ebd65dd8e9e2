package socket

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// tlsPair returns a Conn of g with TLS, and its peer after the handshake.
func tlsPair(t testing.TB, g *Group, network hubtest.Network) (*Conn, *hubtest.Socket) {
	t.Helper()
	server, config, peer := network.Pair(t)
	c := new(Conn)
	if err := c.Init(server, g, endOfLine, time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	shook := make(chan error)
	go func() { shook <- peer.TLS.Handshake() }()
	if err := c.StartTLS(TLSConfig(config), nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := <-shook; err != nil {
		t.Fatal(err)
	}
	return c, peer
}

// readAll reads until an error, which it returns.
func readAll(c *Conn) (string, error) {
	var all strings.Builder
	for {
		b, err := c.Read()
		all.Write(b)
		if err != nil {
			return all.String(), err
		}
	}
}

// TestTLSRead reads writes of all sizes, and more than one record at a time, with and without
// watching between reads.
func TestTLSRead(t *testing.T) {
	for _, watching := range []bool{false, true} {
		c, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
		var sent strings.Builder
		sizes := []int{1, smallRead - 1, smallRead, smallRead + 1, largeRead, 3*largeRead + 7, 5, smallRead, 1}
		for _, n := range sizes {
			sent.WriteString(strings.Repeat(string(rune('a'+n%26)), n))
		}
		go func() {
			all := sent.String()
			for _, n := range sizes {
				io.WriteString(peer, all[:n])
				all = all[n:]
			}
			peer.CloseWrite()
		}()
		var got strings.Builder
		for {
			b, err := c.Read()
			if watching && err == nil {
				before := string(b)
				if err := c.Watch(time.Millisecond, true); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				if string(b) != before {
					t.Fatal("Watch changes what Read has returned")
				}
			}
			got.Write(b)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != sent.String() {
			t.Errorf("read %d bytes, not the %d that were sent", got.Len(), sent.Len())
		}
		if _, err := c.Read(); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
		if _, err := c.Write([]byte("bye\n")); err != nil {
			t.Errorf("after the end of the input: %v", err)
		}
	}
}

// TestTLSEnd ends the input in each way, before or while it is read and watched.
func TestTLSEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*hubtest.Socket)
		want error
	}{
		"close_notify": {func(s *hubtest.Socket) { s.CloseWrite() }, io.EOF},
		"FIN":          {func(s *hubtest.Socket) { s.End() }, io.ErrUnexpectedEOF},
		"both":         {func(s *hubtest.Socket) { s.CloseWrite(); s.End() }, io.EOF},
		"reset":        {func(s *hubtest.Socket) { s.Reset() }, syscall.ECONNRESET},
	} {
		t.Run(name, func(t *testing.T) {
			conn, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
			io.WriteString(peer, "one")
			c.end(peer)
			if got, err := readAll(conn); got != "one" || !errors.Is(err, c.want) {
				t.Errorf("read %q, %v; want %v", got, err, c.want)
			}
			needRawIO(t) // for Watch
			if err := conn.Watch(time.Minute, true); !errors.Is(err, c.want) {
				t.Errorf("after the end Watch returns %v", err)
			}
			conn, peer = tlsPair(t, new(Group), hubtest.TLSOverTCP)
			watched := make(chan error)
			go func() { watched <- conn.Watch(time.Minute, true) }()
			c.end(peer)
			if err := <-watched; !errors.Is(err, c.want) {
				t.Errorf("Watch returns %v; want %v", err, c.want)
			}
			if got, err := readAll(conn); got != "" || !errors.Is(err, c.want) {
				t.Errorf("after Watch it reads %q, %v; want %v", got, err, c.want)
			}
		})
	}
}

// TestTLSCutOff ends the connection within a record.
func TestTLSCutOff(t *testing.T) {
	c, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
	io.WriteString(peer, "one")
	peer.Raw().Write([]byte{23, 3, 3, 0, 100, 1, 2, 3})
	peer.End()
	if got, err := readAll(c); got != "one" || err != io.ErrUnexpectedEOF {
		t.Errorf("read %q, %v", got, err)
	}
}

// TestTLSGarbage sends bytes that are no record. The peer gets an alert, and what arrived before is
// read.
func TestTLSGarbage(t *testing.T) {
	c, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
	io.WriteString(peer, "one")
	peer.Raw().Write([]byte(strings.Repeat("x", 100)))
	got, err := readAll(c)
	if _, ok := errors.AsType[tls.RecordHeaderError](err); got != "one" || !ok {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := io.ReadAll(peer); err == nil || !strings.Contains(err.Error(), "tls: ") {
		t.Errorf("the peer gets %v, not an alert", err)
	}
	if n, err := c.Write([]byte("late\n")); n != 0 || err == nil {
		t.Errorf("after the alert %d bytes are written, %v", n, err)
	}
}

// TestStartTLS does handshakes that fail.
func TestStartTLS(t *testing.T) {
	start := func(received string, timeout time.Duration, do func(*Conn, *hubtest.Socket)) error {
		server, config, peer := hubtest.TLSOverTCP.Pair(t)
		c := new(Conn)
		if err := c.Init(server, new(Group), endOfLine, time.Minute); err != nil {
			t.Fatal(err)
		}
		do(c, peer)
		return errors.Join(c.StartTLS(config, []byte(received), timeout), c.Close())
	}
	if err := start("", 20*time.Millisecond, func(*Conn, *hubtest.Socket) {}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a silent peer: %v", err)
	}
	if err := start("\x16\x03", time.Minute, func(_ *Conn, peer *hubtest.Socket) { peer.End() }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a peer that ends: %v", err)
	}
	if err := start("", time.Minute, func(c *Conn, _ *hubtest.Socket) { c.EndReading() }); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after EndReading: %v", err)
	}
	if err := start("", time.Minute, func(c *Conn, _ *hubtest.Socket) { time.AfterFunc(20*time.Millisecond, func() { c.Close() }) }); err == nil {
		t.Error("Close during the handshake does not end it")
	}
	if err := start("hello\n", time.Minute, func(*Conn, *hubtest.Socket) {}); err == nil {
		t.Error("text is a handshake")
	}
}

// TestTLSFull writes to a peer that reads nothing. Nothing more than a batch is kept.
func TestTLSFull(t *testing.T) {
	c, peer := tlsPair(t, new(Group), hubtest.TLSOverTCP)
	frames := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 5000))
	sent := 0
	for {
		n, err := c.TryWrite(frames)
		if sent += n; n%100 != 0 {
			t.Fatalf("%d bytes are not whole frames", n)
		}
		if err == hub.ErrWouldBlock {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if rest := len(c.tls.sealed.b) - c.tls.sealed.sent; rest > maxBatch+1000 {
		t.Errorf("%d bytes are kept", rest)
	}
	kept := c.tls.sealed.sent
	n, err := c.TryWrite(frames)
	if sent += n; c.tls.sealed != nil && c.tls.sealed.sent == kept && (n != 0 || err != hub.ErrWouldBlock) { // the kernel has not taken more
		t.Errorf("while something is kept: %d, %v", n, err)
	}
	read := make(chan int)
	go func() {
		n, err := io.Copy(io.Discard, peer)
		if err != nil {
			t.Error(err)
		}
		read <- int(n)
	}()
	if _, err := c.Write(nil); err != nil || c.tls.sealed != nil {
		t.Errorf("%v, and something is kept", err)
	}
	c.Close()
	if n := <-read; n != sent {
		t.Errorf("%d bytes count as written, %d arrive", sent, n)
	}
}
