package tcpgw

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// sharing makes g pass on the connections of HTTP clients. Such a client reads "passed on: " and the
// first bytes that it has sent, quoted.
func sharing(g *Gateway) *Gateway {
	g.Waiting = admission.NewGate(admission.Limits{})
	g.HTTP = func(c net.Conn) {
		go func() {
			defer c.Close()
			b := make([]byte, 4096)
			n, _ := c.Read(b)
			fmt.Fprintf(c, "passed on: %q", b[:n])
			c.(interface{ CloseWrite() error }).CloseWrite()
			io.Copy(io.Discard, c)
		}()
	}
	return g
}

// serveShared serves a hub and a handler at the same address.
func serveShared(t *testing.T, g *Gateway, network hubtest.Network, handler http.HandlerFunc) *sharedListener {
	t.Helper()
	ln := network.Listen(t)
	requests := &passed{addr: ln.Addr(), conns: make(chan net.Conn), accepted: make(chan struct{}, 1000), done: make(chan struct{})}
	g.HTTP = func(c net.Conn) { requests.conns <- c }
	if g.Waiting == nil {
		g.Waiting = admission.NewGate(admission.Limits{})
	}
	if g.TLS = ln.TLS; g.TLS != nil {
		g.TLS = g.TLS.Clone()
		g.TLS.NextProtos = []string{"http/1.1"}
	}
	server := &http.Server{
		Handler:     handler,
		ErrorLog:    slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) },
	}
	go server.Serve(requests)
	t.Cleanup(func() { server.Close() })
	serveOn(t, g, ln)
	return &sharedListener{ln, requests}
}

// A sharedListener is a listener of a gateway that passes on connections.
type sharedListener struct {
	*hubtest.Listener
	*passed
}

func (l *sharedListener) Addr() net.Addr { return l.Listener.Addr() }

func (l *sharedListener) Close() error { return l.Listener.Close() }

// passed is the listener of the connections that a gateway has passed on.
type passed struct {
	addr     net.Addr
	conns    chan net.Conn
	accepted chan struct{} // one for each connection
	done     chan struct{}
}

func (p *passed) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		p.accepted <- struct{}{}
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *passed) Addr() net.Addr { return p.addr }

func (p *passed) Close() error {
	close(p.done)
	return nil
}

// connKey is the key of the connection in the context of a request.
type connKey struct{}

// describe answers with what net/http knows of a request.
func describe(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	conn := r.Context().Value(connKey{}).(interface {
		ProxyHeader() (client net.Addr, usesTLS, ok bool)
	})
	client, _, hasHeader := conn.ProxyHeader()
	fmt.Fprintf(w, "%s TLS=%t PROXY=%t client=%v body=%s error=%v\n", r.URL.Path, r.TLS != nil, hasHeader, client, body, err)
}

// ask sends a request in parts, and returns the body of the answer.
func ask(t *testing.T, c net.Conn, parts ...string) string {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	for _, part := range parts {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestShared has clients of HTTP and of the chat at one address, on each network. Whatever part of a
// request comes first, the handler gets all of it.
func TestShared(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: time.Minute, openingWait: time.Minute}
			ln := serveShared(t, g, network, describe)
			chat := ln.Dial(t)
			received := readLines(t, chat)
			fmt.Fprintln(chat, "hello")
			received.expect("* You are ")
			received.expect(": hello\n")

			long := "/" + strings.Repeat("a", 10_000)
			body := strings.Repeat("b", 30_000)
			for _, parts := range [][]string{
				{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
				{"G", "ET / HT", "TP/1.1\r", "\nHost: x\r\n\r\n"},
				{"GET " + long + " HTTP/1.1\r\nHost: x\r\n\r\n"},
				{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n" + body},
			} {
				path, sent := "/", ""
				if strings.Contains(parts[0], long) {
					path = long
				}
				if strings.HasPrefix(parts[0], "POST") {
					sent = body
				}
				want := fmt.Sprintf("%s TLS=%t PROXY=false client=<nil> body=%s error=<nil>\n", path, ln.TLS != nil, sent)
				if got := ask(t, ln.Dial(t), parts...); got != want {
					t.Errorf("%.100q gets %.200q, not %.200q", parts, got, want)
				}
			}
			fmt.Fprintln(chat, "the end")
			if line := received.line(); !strings.HasSuffix(line, ": the end\n") {
				t.Errorf("the room receives %q", line)
			}
		})
	}
}

// TestSharedWaits connects clients that pause before the end of the wait. A silent client gets the
// welcome, and so does half a line, unless an HTTP request may begin with it.
func TestSharedWaits(t *testing.T) {
	for first, rest := range map[string]string{
		"":                       "",
		"half":                   "",
		"GET":                    "",
		"GET / HT":               "TP/1.1\r\nHost: x\r\n\r\n",
		"GET http://x/":          " HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost": ": x\r\n\r\n",
	} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: 50 * time.Millisecond}
			ln := serveShared(t, g, hubtest.TCP, describe)
			c := ln.Dial(t)
			c.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(c, first)
			if rest == "" {
				readLines(t, c).expect("* You are ")
				return
			}
			<-ln.accepted
			if got := ask(t, c, rest); !strings.HasPrefix(got, "/ TLS=false PROXY=false client=<nil>") {
				t.Errorf("it gets %q", got)
			}
		})
	}
}

// TestSharedEndOfInput has clients end their input in the middle of a line. The start of a request is
// HTTP's, and never said in the room; any other text is said.
func TestSharedEndOfInput(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: time.Minute, openingWait: time.Minute}
			ln := serveShared(t, g, network, describe)
			room := ln.Dial(t)
			fmt.Fprintln(room, "hello")
			heard := readLines(t, room)
			heard.expect("hello\n")
			for sent, want := range map[string]string{
				"GET /?secret":             "400 Bad Request",
				"POST http://x/?secret":    "400 Bad Request",
				"GET / HTTP/1.1\r\nSecret": "400 Bad Request",
				"some text":                ": some text",
			} {
				c := ln.Dial(t)
				io.WriteString(c, sent)
				c.CloseWrite()
				readLines(t, c).expect(want)
			}
			fmt.Fprintln(room, "the end")
			for line := ""; !strings.HasSuffix(line, ": the end\n"); {
				if line = heard.line(); strings.Contains(line, "ecret") {
					t.Errorf("the room receives %q", line)
				}
			}
		})
	}
}

// TestSharedLateRequest connects a TLS client that names no protocol and sends its request only after
// the wait for a line, as one does whose round trip is long.
func TestSharedLateRequest(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: time.Minute, requestWait: time.Minute, openingWait: time.Millisecond}
	ln := serveShared(t, g, hubtest.TLSOverTCP, describe)
	c := tls.Client(ln.Dial(t).Raw(), &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)) // much longer than openingWait
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("it gets %d bytes before its request, %v", n, err)
	}
	if got := ask(t, c, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "/late TLS=true") {
		t.Errorf("it gets %q", got)
	}
}

// TestSharedALPN connects a TLS client that names HTTP in its handshake, and sends its request only
// after the wait for an opening. One that names nothing gets the welcome.
func TestSharedALPN(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: time.Minute, requestWait: 50 * time.Millisecond, openingWait: time.Millisecond}
	ln := serveShared(t, g, hubtest.TLSOverTCP, describe)
	for _, protocols := range [][]string{nil, {"http/1.1"}, {"h2", "http/1.1"}} {
		c := ln.Dial(t)
		client := tls.Client(c.Raw(), &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
		client.SetDeadline(time.Now().Add(20 * time.Second))
		if protocols == nil {
			readLines(t, client).expect("* You are ")
			continue
		}
		if err := client.Handshake(); err != nil {
			t.Fatal(err)
		}
		other := ln.Dial(t) // gets its welcome after a longer wait
		readLines(t, other).expect("* You are ")
		if got := ask(t, client, "GET /late HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(got, "/late TLS=true") {
			t.Errorf("%q: it gets %q", protocols, got)
		}
	}
}

// TestSharedLimits fills a server. HTTP clients are served, and each chat client gets the reason, in
// TLS if it speaks that.
func TestSharedLimits(t *testing.T) {
	for _, network := range hubtest.Networks {
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			g := &Gateway{Hub: hub.New(hub.Options{Limits: admission.Limits{Members: 1}}), helloWait: time.Minute, openingWait: time.Minute}
			ln := serveShared(t, g, network, describe)
			only := ln.Dial(t)
			fmt.Fprintln(only, "hello")
			readLines(t, only).expect("* You are ")
			next := ln.Dial(t)
			fmt.Fprintln(next, "hello")
			readLines(t, next).expect("! " + admission.ErrFull.Error())
			if rest, err := io.ReadAll(next); len(rest) > 0 || err != nil {
				t.Errorf("and then %q, %v", rest, err)
			}
			ask(t, ln.Dial(t), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		})
	}
}

// TestSharedWaiting connects silent clients. Those over the limit of one address are turned away.
// When one of the others has decided, the next client may wait.
func TestSharedWaiting(t *testing.T) {
	const limit = 3
	g := &Gateway{
		Hub: hub.New(hub.Options{}), helloWait: time.Minute,
		Waiting: admission.NewGate(admission.Limits{PerAddress: limit}),
	}
	ln := serveShared(t, g, hubtest.TCP, describe)
	var waiting []net.Conn
	for range limit {
		waiting = append(waiting, ln.Dial(t))
	}
	readLines(t, ln.Dial(t)).expect("! " + admission.ErrAddressFull.Error())
	ask(t, waiting[0], "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	fmt.Fprintln(waiting[1], "hello")
	readLines(t, waiting[1]).expect("* You are ")
	for _, c := range []net.Conn{ln.Dial(t), ln.Dial(t)} {
		fmt.Fprintln(c, "hello")
		readLines(t, c).expect("* You are ")
	}
}

// TestSharedProxy has a proxy send each kind of header, and none. The handler gets the client's
// address from a PROXY header.
func TestSharedProxy(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	const hello = "\x16\x03\x01"
	for name, c := range map[string]struct {
		sent           string
		strict, direct string // what the client gets without and with DirectHTTP
	}{
		"PROXY and HTTP":   {header(t, 1, "203.0.113.7:1234") + request, "PROXY=true client=203.0.113.7:1234", "PROXY=true client=203.0.113.7:1234"},
		"v2 and HTTP":      {header(t, 2, "203.0.113.7:1234") + request, "PROXY=true client=203.0.113.7:1234", "PROXY=true client=203.0.113.7:1234"},
		"PROXY and text":   {header(t, 1, "203.0.113.7:1234") + "hello\n", "* You are ", "* You are "},
		"LOCAL and HTTP":   {signature + "\x20\x00\x00\x00" + request, "PROXY=true client=<nil>", "PROXY=true client=<nil>"},
		"UNKNOWN and HTTP": {"PROXY UNKNOWN\r\n" + request, "PROXY=true client=<nil>", "PROXY=true client=<nil>"},
		"LOCAL":            {signature + "\x20\x00\x00\x00", "", ""},
		"LOCAL and text":   {signature + "\x20\x00\x00\x00hello\n", "", ""},
		"HTTP":             {request, "", "PROXY=false client=<nil>"},
		"text":             {"hello\n", "", ""},
		"TLS":              {hello, "", ""},
		"PROXY twice":      {header(t, 1, "203.0.113.7:1") + header(t, 1, "203.0.113.8:1"), "a PROXY header", "a PROXY header"},
		"half of a PROXY":  {"PROXY TCP4 203", "", ""},
	} {
		for _, direct := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, direct %t", name, direct), func(t *testing.T) {
				t.Parallel()
				want := c.strict
				if direct {
					want = c.direct
				}
				var logged hubtest.Buffer
				g := &Gateway{
					Hub: hub.New(hub.Options{}), helloWait: 50 * time.Millisecond, DirectHTTP: direct,
					Log:     slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})),
					Proxies: admission.NewNetworks(netip.MustParsePrefix("127.0.0.0/8")), HeaderTimeout: 200 * time.Millisecond,
				}
				if want != "" {
					g.helloWait, g.HeaderTimeout = time.Minute, time.Minute
				}
				client := serveShared(t, g, hubtest.TCP, describe).Dial(t)
				client.SetDeadline(time.Now().Add(20 * time.Second))
				io.WriteString(client, c.sent)
				if want == "" {
					if received, err := io.ReadAll(client); len(received) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("it reads %q, %v", received, err)
					}
					if !strings.Contains(logged.String(), "PROXY header rejected") {
						t.Errorf("the log is %s", logged.String())
					}
					return
				}
				readLines(t, client).expect(want)
			})
		}
	}
}

// TestSharedEnd closes a listener while clients wait. All of them end.
func TestSharedEnd(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), helloWait: time.Minute}
	ln := serveShared(t, g, hubtest.TCP, describe)
	var waiting []net.Conn
	for range 5 {
		waiting = append(waiting, ln.Dial(t))
	}
	for g.sessionless.count() < len(waiting) {
		time.Sleep(time.Millisecond)
	}
	ln.Close()
	for _, c := range waiting {
		c.SetDeadline(time.Now().Add(20 * time.Second))
		if received, err := io.ReadAll(c); len(received) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("it reads %q, %v", received, err)
		}
	}
}
