package tcpgw

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// A room is a gateway, and a member in its lobby.
type room struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// openRoom serves a hub on a listener to which clients may have connected already, and checks that
// the member receives no message from them. wait is how long the welcome waits for the first line.
func openRoom(t *testing.T, ln net.Listener, wait time.Duration) *room {
	t.Helper()
	return openRoomAs(t, &Gateway{openingWait: wait}, ln)
}

// openRoomAs is like openRoom, for a gateway that has some fields set.
func openRoomAs(t *testing.T, g *Gateway, ln net.Listener) *room {
	t.Helper()
	var logged bytes.Buffer
	t.Cleanup(func() { // runs after the gateway has ended
		if strings.Contains(logged.String(), "hunter2") {
			t.Errorf("the log has a password:\n%s", logged.String())
		}
	})
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	g.Hub, g.Log, g.Web = hub.New(hub.Options{Log: log}), log, "http://chat.example/"
	serveOn(t, g, ln)
	r := &room{t: t, addr: ln.Addr().String()}
	r.conn = connect(t, r.addr)
	r.in = bufio.NewReader(r.conn)
	r.checkQuiet()
	return r
}

func connect(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}

func (r *room) next() string {
	r.t.Helper()
	line, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	return line
}

// checkQuiet checks that the member has received no message since the last call.
func (r *room) checkQuiet() {
	r.t.Helper()
	fmt.Fprintln(r.conn, "that was all")
	for {
		switch line := r.next(); {
		case strings.HasSuffix(line, ": that was all\n"):
			return
		case !strings.HasPrefix(line, "* "): // joins and leaves are allowed
			r.t.Errorf("the room receives %q", line)
		}
	}
}

// foreignStreams returns streams that contain a password, and the start of the answer to each.
func foreignStreams() map[string]string {
	streams := map[string]string{}
	for stream, protocol := range openingTests {
		if protocol == "" || !strings.Contains(stream, "\n") || len(stream) > openingLimit {
			continue
		}
		answer := "! this is a chat line, and what came looks like " + protocol + ": "
		if protocol == "HTTP" {
			answer = "HTTP/1.1 400 Bad Request\r\n"
		}
		streams[stream+"\r\nPASS hunter2\r\n"] = answer
	}
	return streams
}

// TestForeign connects clients of other protocols. Each receives one answer and EOF, and the room
// receives nothing that they send. A gateway that shares its address passes those of HTTP on.
func TestForeign(t *testing.T) {
	for name, g := range map[string]*Gateway{"alone": {openingWait: time.Minute}, "shared": sharing(&Gateway{helloWait: time.Minute})} {
		t.Run(name, func(t *testing.T) {
			ln := listen(t)
			conns := map[string]net.Conn{}
			for stream := range foreignStreams() {
				conns[stream] = connect(t, ln.Addr().String())
				io.WriteString(conns[stream], stream)
			}
			r := openRoomAs(t, g, ln)
			for stream, answer := range foreignStreams() {
				if g.HTTP != nil && strings.HasPrefix(answer, "HTTP") {
					answer = fmt.Sprintf("passed on: %q", stream)
				}
				received, err := io.ReadAll(conns[stream])
				if err != nil || !strings.HasPrefix(string(received), answer) || g.HTTP == nil && strings.Contains(string(received), "hunter2") {
					t.Errorf("%q reads %q, %v", stream, received, err)
				}
			}
			r.checkQuiet()
		})
	}
}

// TestForeignLate is like TestForeign, for clients that send after the welcome. Nothing is passed on.
func TestForeignLate(t *testing.T) {
	for name, g := range map[string]*Gateway{"alone": {openingWait: time.Millisecond}, "shared": sharing(&Gateway{helloWait: time.Millisecond})} {
		t.Run(name, func(t *testing.T) {
			r := openRoomAs(t, g, listen(t))
			conns := map[string]*bufio.ReadWriter{}
			for stream := range foreignStreams() {
				c := connect(t, r.addr)
				conns[stream] = bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriterSize(c, 0))
			}
			for stream, answer := range foreignStreams() {
				c := conns[stream]
				if line, err := c.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* You are ") {
					t.Errorf("a new member reads %q, %v", line, err)
				}
				c.WriteString(stream)
				c.Flush()
				received, err := io.ReadAll(c)
				if err != nil || !strings.Contains("\n"+string(received), "\n"+answer) || strings.Contains(string(received), "hunter2") {
					t.Errorf("%q reads %q, %v", stream, received, err)
				}
			}
			r.checkQuiet()
		})
	}
}

// TestForeignInParts sends streams in two parts, divided at every byte. The first part comes before
// or after the welcome. No part of a stream becomes a line.
func TestForeignInParts(t *testing.T) {
	for _, stream := range []string{
		"*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n",
		"\x16\x03\x01\x00\x10\nPASS hunter2\n",
		"\r\n\r\n\x00\r\nQUIT\nPASS hunter2\n",
		"\xff\xfd\x01PASS hunter2\r\nhunter2\r\n",
		"\n\nPOST / HTTP/1.1\r\n\r\nhunter2\n",
	} {
		for i := range len(stream) {
			for _, welcomed := range []bool{false, true} {
				lines, err := readParts(t, stream[:i], stream[i:], welcomed)
				var f *foreignError
				if !errors.As(err, &f) {
					t.Errorf("%q and %q end with %v", stream[:i], stream[i:], err)
				}
				if welcomed && slices.Equal(lines, []string{"*2"}) {
					continue // a person may have sent it
				}
				if len(lines) > 0 {
					t.Errorf("%q and %q have the lines %q", stream[:i], stream[i:], lines)
				}
			}
		}
	}
}

// readParts returns the lines of a stream that are not blank, and the error at its end.
func readParts(t *testing.T, first, rest string, welcomed bool) (lines []string, err error) {
	server, client := hubtest.TCPPair(t)
	c := (&Gateway{MaxLine: 4096}).newConn(server)
	defer c.Reset()
	io.WriteString(client, rest)
	client.CloseWrite()
	err = c.checkOpening([]byte(first))
	c.lines.feed([]byte(first))
	if !welcomed && err == nil {
		err = c.readOpening(nil, waits{first: helloWait, line: openingWait})
	}
	for err == nil {
		var line []byte
		if line, err = c.ReadLine(); err == nil && len(line) > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines, err
}

// TestHTTP sends requests with net/http. The response is complete and has the answer as its body.
func TestHTTP(t *testing.T) {
	const want = "! this is a chat line; the web page is at http://chat.example/\n"
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			res, body, r := request(t, method)
			if method == "HEAD" && body == "" {
				body = want
			}
			if res.StatusCode != 400 || body != want || !res.Close ||
				res.ContentLength != int64(len(want)) || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
				t.Errorf("%+v\n%q", res, body)
			}
			r.checkQuiet()
		})
	}
}

// request sends a request to a new room and returns the response.
func request(t *testing.T, method string) (*http.Response, string, *room) {
	t.Helper()
	ln := listen(t)
	wrote := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(wrote) }})
	q, err := http.NewRequestWithContext(ctx, method, "http://"+ln.Addr().String()+"/", strings.NewReader("buy my coins\nnow\n"))
	if err != nil {
		t.Fatal(err)
	}
	var res *http.Response
	var body []byte
	answered := make(chan error)
	go func() {
		var err error
		if res, err = http.DefaultClient.Do(q); err == nil {
			defer res.Body.Close()
			body, err = io.ReadAll(res.Body)
		}
		answered <- err
	}()
	<-wrote
	r := openRoom(t, ln, time.Minute)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	return res, string(body), r
}

// TestHTTPTooLong sends a request line that exceeds the line limit. The room does not receive its body.
func TestHTTPTooLong(t *testing.T) {
	r := openRoom(t, listen(t), time.Minute)
	for _, start := range []string{"POST /", "POST http://" + r.addr + "/", "patch /"} {
		c := connect(t, r.addr)
		go io.WriteString(c, start+strings.Repeat("a", 100_000)+" HTTP/1.1\r\n\r\nbuy my coins\n")
		if received, err := io.ReadAll(c); err != nil || !strings.Contains(string(received), "HTTP/1.1 400 Bad Request\r\n") {
			t.Errorf("it reads %q, %v", received, err)
		}
	}
	r.checkQuiet()
}

// TestNoWebPage checks the answer of a gateway without a web page.
func TestNoWebPage(t *testing.T) {
	const want = "! this is a chat line and has no web page\n"
	if f := newForeignError(protocolHTTP, nil, ""); !strings.HasSuffix(string(f.answer), "\r\n\r\n"+want) {
		t.Errorf("%q", f.answer)
	}
}

// TestTLS connects a TLS client whose ClientHello contains a line of text.
func TestTLS(t *testing.T) {
	r := openRoom(t, listen(t), time.Minute)
	for range 20 {
		_, err := tls.Dial("tcp", r.addr, &tls.Config{ServerName: "buy.coins", NextProtos: []string{"\nbuy my coins\n"}})
		if err == nil || !strings.Contains(err.Error(), "first record does not look like a TLS handshake") {
			t.Fatal(err)
		}
	}
	r.checkQuiet()
}

// TestEarlyLines sends lines before the welcome, and a line of which only the first half comes
// before the welcome. All of them become messages.
func TestEarlyLines(t *testing.T) {
	addr := serve(t, hub.New(hub.Options{}))
	c := connect(t, addr)
	in := bufio.NewReader(c)
	expect := func(want string) {
		t.Helper()
		line, err := in.ReadString('\n')
		if err != nil || !strings.Contains(line, want) {
			t.Fatalf("%q, %v; want %q", line, err, want)
		}
	}
	io.WriteString(c, "\n\r\none\ntwo\nthr")
	expect("* You are ")
	expect(": one\n")
	expect(": two\n")
	io.WriteString(c, "ee\n")
	expect(": three\n")

	c = connect(t, addr)
	in = bufio.NewReader(c)
	io.WriteString(c, "half")
	expect("* You are ")
	io.WriteString(c, " a line\n")
	expect("-- the last")
	for range 3 {
		in.ReadString('\n')
	}
	expect("-- live --")
	expect(": half a line\n")
}

// TestEarlyEnd ends the input before the welcome. The client receives the welcome and its own lines.
func TestEarlyEnd(t *testing.T) {
	for sent, want := range map[string]string{"": "", "\n": "", "hello": ": hello\n", "*1\r\n": ": *1\n"} {
		c := connect(t, serve(t, hub.New(hub.Options{})))
		io.WriteString(c, sent)
		c.CloseWrite()
		received, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(received), "* You are ") || !strings.HasSuffix(string(received), want) {
			t.Errorf("%q reads %q, %v", sent, received, err)
		}
	}
}

// TestOpeningAfterClose closes the set of connections without a session. New connections are reset,
// and their slots are free.
func TestOpeningAfterClose(t *testing.T) {
	const members = 3
	h := hub.New(hub.Options{Limits: admission.Limits{Members: members}})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	g.sessionless.close()
	ln := listen(t)
	var conns []net.Conn
	for range members {
		conns = append(conns, connect(t, ln.Addr().String()))
	}
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for _, c := range conns {
		if received, err := io.ReadAll(c); len(received) > 0 || err == nil {
			t.Errorf("it reads %q, %v", received, err)
		}
	}
	ln.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for range members {
		if _, err := h.Admit(netip.Addr{}); err != nil {
			t.Error(err)
		}
	}
}
