package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"partyline/cmd/partyline/internal/listen"
	"partyline/hub/admission"
	"partyline/hub/socket"
)

// TestProxiedHTTPConns opens connections over a proxy that sends PROXY headers. They count for the
// clients in the headers as soon as these are read, by the server or by another listener, whatever
// comes of the request.
func TestProxiedHTTPConns(t *testing.T) {
	const (
		most    = 3
		proxied = "PROXY TCP4 198.51.100.7 192.0.2.1 4000 80\r\n"
		request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	)
	accept := func(ln net.Listener) net.Listener {
		return socket.NewProxyListener(ln, func(net.Addr) bool { return true }, slog.New(slog.DiscardHandler))
	}
	for name, listeners := range map[string]func(net.Listener, *httpConns) []net.Listener{
		"the server reads the header": func(ln net.Listener, _ *httpConns) []net.Listener { return []net.Listener{accept(ln)} },
		"the splitter does": func(ln net.Listener, conns *httpConns) []net.Listener {
			secure, plain := listen.Split(accept(ln), conns, time.Minute)
			return []net.Listener{secure, plain}
		},
		"the gateway of TCP does": func(ln net.Listener, _ *httpConns) []net.Listener { return []net.Listener{earlyListener{ln}} },
	} {
		for what, sent := range map[string]string{"two requests": request + request, "half a request": "GET / HTTP/1.1\r\nHost", "nothing": ""} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				var refused atomic.Int32
				limits := admission.Limits{PerAddress: most, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
				conns := newHTTPConns(connGate{admission.NewGate(limits), func() { refused.Add(1) }})
				server := &http.Server{
					Handler:   http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}),
					ConnState: conns.track,
				}
				for _, side := range listeners(ln, conns) {
					go server.Serve(side)
				}
				t.Cleanup(func() { server.Close() })
				var open []net.Conn
				for range most + 1 {
					c, err := net.Dial("tcp", ln.Addr().String())
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					c.SetDeadline(time.Now().Add(20 * time.Second))
					fmt.Fprint(c, proxied+sent)
					open = append(open, c)
					for deadline := time.Now().Add(20 * time.Second); len(open) <= most && conns.count("198.51.100.7") < len(open); {
						if time.Now().After(deadline) {
							t.Fatalf("%d of %d connections count for the client", conns.count("198.51.100.7"), len(open))
						}
						time.Sleep(time.Millisecond)
					}
				}
				if n, err := open[most].Read(make([]byte, 1)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the connection above the limit is not closed: %d bytes, %v", n, err)
				}
				if n := refused.Load(); n != 1 {
					t.Errorf("%d connections are counted as refused", n)
				}
				if sent != request+request {
					return
				}
				in := bufio.NewReader(open[0])
				for range 2 { // the second request does not count again
					if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusOK {
						t.Errorf("the first connection gets %v, %v", res, err)
					}
				}
			})
		}
	}
}

// count returns how many connections count for an address.
func (h *httpConns) count(addr string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		if c.addr.String() == addr {
			n++
		}
	}
	return n
}

// An earlyListener accepts connections whose PROXY header it has read.
type earlyListener struct{ net.Listener }

func (l earlyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	header, err := socket.ReadProxyHeader(c)
	return socket.NewEarlyConn(c, nil, header), err
}

// TestCloseIdle closes idle connections, those that have waited longest first, and none of which a request
// is being served.
func TestCloseIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conns := newHTTPConns(new(admission.Gate))
		var all []net.Conn
		for i := range 9 {
			c, peer := net.Pipe()
			defer peer.Close()
			defer c.Close()
			conns.track(c, http.StateNew)
			if i < 4 {
				conns.track(c, http.StateActive)
			}
			all = append(all, c)
			time.Sleep(time.Second)
		}
		conns.track(all[3], http.StateIdle) // after all that are new
		for _, want := range [][]int{{4, 5}, {6}, {7}, {8}, {3}, nil} {
			if n := conns.closeIdle(); n != len(want) {
				t.Errorf("%d connections are closed, want %v", n, want)
			}
			for _, i := range want {
				if _, err := all[i].Write(nil); !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("connection %d is not closed", i)
				}
				conns.track(all[i], http.StateClosed)
			}
		}
	})
}

// TestHTTPConns opens as many HTTP connections as an address may have. One more is closed. A
// WebSocket does not count, and neither does a closed connection.
func TestHTTPConns(t *testing.T) {
	const most = 5
	var refused atomic.Int32
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hijack" {
				nc, _, _ := http.NewResponseController(w).Hijack()
				fmt.Fprint(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		}),
		ConnState: newHTTPConns(connGate{admission.NewGate(admission.Limits{PerAddress: most}), func() { refused.Add(1) }}).track,
	}
	go server.Serve(ln)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	get := func(c net.Conn, path string) bool {
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path)
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil && res.StatusCode == http.StatusOK
	}
	var kept []net.Conn
	for range most {
		c := dial()
		if !get(c, "/") {
			t.Fatal("a connection within the limit gets no answer")
		}
		kept = append(kept, c)
	}
	if get(dial(), "/") {
		t.Error("a connection over the limit gets an answer")
	}
	if n := refused.Load(); n != 1 {
		t.Errorf("%d connections are counted as refused", n)
	}
	if !get(kept[0], "/hijack") { // kept[0] no longer counts
		t.Fatal("no hijack")
	}
	c := dial()
	if !get(c, "/") {
		t.Error("a hijacked connection still counts")
	}
	c.Close()
	for deadline := time.Now().Add(30 * time.Second); !get(dial(), "/"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("a closed connection still counts")
		}
	}
}
