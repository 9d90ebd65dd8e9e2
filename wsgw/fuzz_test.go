package wsgw

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/wire"
)

// addSeeds adds what the client sends in short rules as seeds.
func addSeeds(f *testing.F) {
	for _, rules := range [][]rule{framingRules(), controlRules(), closeRules(), limitRules(), utf8Rules()} {
		for _, r := range rules {
			if len(r.send) < 200 {
				f.Add(r.send, []byte{1, 7, 2, 200})
			}
		}
	}
}

// FuzzScanner checks that the scanner stops at the same byte and with the same code as the model,
// however the bytes are split.
func FuzzScanner(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		want, start := model(stream, unlimited)
		if want.code == lost { // all bytes are accepted, including those of an incomplete frame
			want.code, start = 0, len(stream)
		}
		whole := scanner{maxFragments: MaxFragments}
		n, _, end := scan(&whole, stream)
		if n != start || closeCode(end) != want.code {
			t.Fatalf("it stops after %d of %d bytes with %d, want %d with %d", n, len(stream), closeCode(end), start, want.code)
		}
		if len(sizes) == 0 {
			return
		}
		parts := scanner{maxFragments: MaxFragments}
		accepted := 0
		end = nil
		for i := 0; accepted < len(stream) && end == nil; i++ {
			size := min(max(int(sizes[i%len(sizes)]), 1), len(stream)-accepted)
			var k int
			if k, _, end = scan(&parts, stream[accepted:accepted+size]); end == nil && k != size {
				t.Fatalf("%d of %d bytes are accepted without an error", k, size)
			}
			accepted += k
		}
		// The scanner may have accepted the start of the frame before it knew the error.
		if closeCode(end) != want.code || accepted < start || end != nil && accepted >= start+6+maxControl {
			t.Fatalf("in parts it stops after %d bytes with %d, want %d with %d", accepted, closeCode(end), start, want.code)
		}
	})
}

// FuzzConn checks that a connection has the messages, the pongs and the error that the model
// expects.
func FuzzConn(f *testing.F) {
	addSeeds(f)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ln.Close() })
	g := &Gateway{MaxLine: 100}
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		client, c := openConn(t, g, ln)
		go func() {
			for i, rest := 0, stream; len(rest) > 0; i++ {
				size := len(rest)
				if len(sizes) > 0 && i < 100 {
					size = min(max(int(sizes[i%len(sizes)]), 1), len(rest))
				}
				client.tcp.Write(rest[:size])
				rest = rest[size:]
			}
			client.tcp.CloseWrite()
		}()
		var got outcome
		received := make(chan outcome)
		go func() { received <- client.collect() }()
		for {
			line, err := c.ReadLine()
			if err == hub.ErrControl {
				continue
			}
			if err != nil {
				if got.code = closeCode(err); err == errNoClose {
					got.code = lost
				}
				break
			}
			got.said = append(got.said, string(line))
		}
		c.WriteLast(closeFrame(got.code), time.Second)
		got.pongs = (<-received).pongs
		want, _ := model(stream, uint64(wire.MaxMessage(g.MaxLine)))
		if got.String() != want.String() {
			t.Errorf("the outcome is\n%v, want\n%v", got, want)
		}
	})
}

// openConn returns a client, and a conn for it in JSON that no hub serves.
func openConn(t *testing.T, g *Gateway, ln net.Listener) (*rawClient, *conn) {
	tcp, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.upgrade(&responseWriter{server}, &http.Request{Method: "GET", Header: http.Header{
		"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Protocol": {protocolJSON},
	}})
	if err != nil {
		t.Fatal(err)
	}
	client := &rawClient{t: t, tcp: tcp.(*net.TCPConn), in: bufio.NewReader(tcp)}
	if res, err := http.ReadResponse(client.in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	t.Cleanup(func() {
		client.tcp.SetLinger(0) // thousands of clients a second would use up the ports
		client.tcp.Close()
		c.silenceTimer.Stop()
		c.Reset()
	})
	return client, c
}

// A responseWriter implements what an upgrade needs.
type responseWriter struct{ conn net.Conn }

func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

func (w *responseWriter) Header() http.Header { return http.Header{} }

func (w *responseWriter) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (w *responseWriter) WriteHeader(int) {}
