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

// seeds are what all rules send.
func seeds(f *testing.F) {
	for _, rules := range [][]rule{framingRules(), controlRules(), closeRules(), limitRules(), utf8Rules()} {
		for _, r := range rules {
			if len(r.send) < 200 {
				f.Add(r.send, []byte{1, 7, 2, 200})
			}
		}
	}
}

// FuzzScanner: the scanner ends where and why a slow reader of frames does, however reads
// part the bytes, and believes nothing behind that.
func FuzzScanner(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		want, start := story(stream, anything)
		if want.code == lost { // all that came is believed, also of what is not whole
			want.code, start = 0, len(stream)
		}
		whole := scanner{maxFragments: MaxFragments}
		n, _, end := scan(&whole, stream)
		if n != start || closeCode(end) != want.code {
			t.Fatalf("it ends behind %d of %d bytes with %d, want %d with %d", n, len(stream), closeCode(end), start, want.code)
		}
		if len(sizes) == 0 {
			return
		}
		parts := scanner{maxFragments: MaxFragments}
		believed := 0
		end = nil
		for i := 0; believed < len(stream) && end == nil; i++ {
			size := min(max(int(sizes[i%len(sizes)]), 1), len(stream)-believed)
			var k int
			if k, _, end = scan(&parts, stream[believed:believed+size]); end == nil && k != size {
				t.Fatalf("%d of %d bytes are believed without an end", k, size)
			}
			believed += k
		}
		// The beginning of a frame may have passed before it was known.
		if closeCode(end) != want.code || believed < start || end != nil && believed >= start+6+maxControl {
			t.Fatalf("in parts it ends behind %d bytes with %d, want %d with %d", believed, closeCode(end), start, want.code)
		}
	})
}

// FuzzConn: what a client sends over a real connection comes to the messages, the pongs and
// the end that it comes to for a slow reader.
func FuzzConn(f *testing.F) {
	seeds(f)
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
		heard := make(chan outcome)
		go func() { heard <- client.listen() }()
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
		got.pongs = (<-heard).pongs
		want, _ := story(stream, uint64(wire.MaxMessage(g.MaxLine)))
		if got.String() != want.String() {
			t.Errorf("it comes to\n%v, want\n%v", got, want)
		}
	})
}

// openConn opens a conn in JSON without a hub behind it.
func openConn(t *testing.T, g *Gateway, ln net.Listener) (*caller, *conn) {
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
	client := &caller{t: t, tcp: tcp.(*net.TCPConn), in: bufio.NewReader(tcp)}
	if res, err := http.ReadResponse(client.in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	t.Cleanup(func() {
		client.tcp.SetLinger(0) // thousands a second: none may keep its port
		client.tcp.Close()
		c.silenceTimer.Stop()
		c.Reset()
	})
	return client, c
}

// responseWriter is all that an upgrade needs of one.
type responseWriter struct{ conn net.Conn }

func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return w.conn, bufio.NewReadWriter(bufio.NewReader(w.conn), bufio.NewWriter(w.conn)), nil
}

func (w *responseWriter) Header() http.Header { return http.Header{} }

func (w *responseWriter) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

func (w *responseWriter) WriteHeader(int) {}
