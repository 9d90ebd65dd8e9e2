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

// A room is a server with a member in its lobby that listens.
type room struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// openRoom serves on a listener to which clients may have connected already. What they have
// said is told to the member as well.
func openRoom(t *testing.T, ln net.Listener) *room {
	t.Helper()
	var logged bytes.Buffer
	t.Cleanup(func() { // the server has ended
		if strings.Contains(logged.String(), "hunter2") {
			t.Errorf("the log has a password:\n%s", logged.String())
		}
	})
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	serveOn(t, &Gateway{Hub: hub.New(hub.Options{Log: log}), Log: log, Web: "http://chat.example/"}, ln)
	r := &room{t: t, addr: ln.Addr().String()}
	r.conn = connect(t, r.addr)
	r.in = bufio.NewReader(r.conn)
	r.next()
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

// checkQuiet checks that nothing was said since the last call.
func (r *room) checkQuiet() {
	r.t.Helper()
	fmt.Fprintln(r.conn, "that was all")
	for {
		switch line := r.next(); {
		case strings.HasSuffix(line, ": that was all\n"):
			return
		case !strings.HasPrefix(line, "* "): // a client that was greeted comes and goes
			r.t.Errorf("the room hears %q", line)
		}
	}
}

// foreignStreams are streams with a password, and how the answer to each begins.
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

// TestForeign has clients of other protocols come. Each reads one answer and the end, and the
// room hears nothing of what they send.
func TestForeign(t *testing.T) {
	ln := listen(t)
	conns := map[string]net.Conn{}
	for stream := range foreignStreams() {
		conns[stream] = connect(t, ln.Addr().String())
		io.WriteString(conns[stream], stream)
	}
	r := openRoom(t, ln)
	for stream, answer := range foreignStreams() {
		told, err := io.ReadAll(conns[stream])
		if err != nil || !strings.HasPrefix(string(told), answer) || strings.Contains(string(told), "hunter2") {
			t.Errorf("%q reads %q, %v", stream, told, err)
		}
	}
	r.checkQuiet()
}

// TestForeignLate is TestForeign for clients that speak after the greeting.
func TestForeignLate(t *testing.T) {
	r := openRoom(t, listen(t))
	conns := map[string]*bufio.ReadWriter{}
	for stream := range foreignStreams() {
		c := connect(t, r.addr)
		conns[stream] = bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriterSize(c, 0))
	}
	for stream, answer := range foreignStreams() {
		c := conns[stream]
		if line, err := c.ReadString('\n'); err != nil || !strings.HasPrefix(line, "* You are ") {
			t.Errorf("a newcomer reads %q, %v", line, err)
		}
		c.WriteString(stream)
		c.Flush()
		told, err := io.ReadAll(c)
		if err != nil || !strings.Contains("\n"+string(told), "\n"+answer) || strings.Contains(string(told), "hunter2") {
			t.Errorf("%q reads %q, %v", stream, told, err)
		}
	}
	r.checkQuiet()
}

// TestForeignInParts has streams with a password come in two parts, before the greeting and
// after it, and divided at every byte. No line comes of them.
func TestForeignInParts(t *testing.T) {
	for _, stream := range []string{
		"*2\r\n$4\r\nAUTH\r\n$7\r\nhunter2\r\n",
		"\x16\x03\x01\x00\x10\nPASS hunter2\n",
		"\r\n\r\n\x00\r\nQUIT\nPASS hunter2\n",
		"\xff\xfd\x01PASS hunter2\r\nhunter2\r\n",
		"\n\nPOST / HTTP/1.1\r\n\r\nhunter2\n",
	} {
		for i := range len(stream) {
			for _, greeted := range []bool{false, true} {
				lines, err := readParts(t, stream[:i], stream[i:], greeted)
				var f *foreignError
				if !errors.As(err, &f) {
					t.Errorf("%q and %q end with %v", stream[:i], stream[i:], err)
				}
				if greeted && slices.Equal(lines, []string{"*2"}) {
					continue // it may be a person's
				}
				if len(lines) > 0 {
					t.Errorf("%q and %q have the lines %q", stream[:i], stream[i:], lines)
				}
			}
		}
	}
}

// readParts returns the lines of a stream that are not blank, and how it ends.
func readParts(t *testing.T, first, rest string, greeted bool) (lines []string, err error) {
	server, client := hubtest.TCPPair(t)
	c := (&Gateway{MaxLine: 4096}).newConn(server)
	defer c.Reset()
	io.WriteString(client, rest)
	client.CloseWrite()
	if greeted {
		err = c.checkOpening([]byte(first))
		c.lines.feed([]byte(first))
	} else {
		err = c.readOpening([]byte(first))
	}
	for err == nil {
		var line []byte
		if line, err = c.ReadLine(); err == nil && len(line) > 0 {
			lines = append(lines, string(line))
		}
	}
	return lines, err
}

// TestHTTP has an HTTP client ask: it gets a whole response with the line as its body.
func TestHTTP(t *testing.T) {
	const want = "! this is a chat line; the web page is at http://chat.example/\n"
	for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			res, body, r := ask(t, method)
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

// ask sends a request to a room that opens then.
func ask(t *testing.T, method string) (*http.Response, string, *room) {
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
	r := openRoom(t, ln)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	return res, string(body), r
}

// TestHTTPTooLong has a request line that is too long for a line: its body is not said either.
func TestHTTPTooLong(t *testing.T) {
	r := openRoom(t, listen(t))
	for _, target := range []string{"/", "http://" + r.addr + "/"} {
		c := connect(t, r.addr)
		go io.WriteString(c, "POST "+target+strings.Repeat("a", 100_000)+" HTTP/1.1\r\n\r\nbuy my coins\n")
		if told, err := io.ReadAll(c); err != nil || !strings.Contains(string(told), "HTTP/1.1 400 Bad Request\r\n") {
			t.Errorf("it reads %q, %v", told, err)
		}
	}
	r.checkQuiet()
}

// TestNoWebPage: a server without a web page says so.
func TestNoWebPage(t *testing.T) {
	const want = "! this is a chat line and has no web page\n"
	if f := newForeignError(protocolHTTP, nil, ""); !strings.HasSuffix(string(f.answer), "\r\n\r\n"+want) {
		t.Errorf("%q", f.answer)
	}
}

// TestTLS has a TLS client come, with a name in its ClientHello that would be a line.
func TestTLS(t *testing.T) {
	r := openRoom(t, listen(t))
	for range 20 {
		_, err := tls.Dial("tcp", r.addr, &tls.Config{ServerName: "buy.coins", NextProtos: []string{"\nbuy my coins\n"}})
		if err == nil || !strings.Contains(err.Error(), "first record does not look like a TLS handshake") {
			t.Fatal(err)
		}
	}
	r.checkQuiet()
}

// TestEarlyLines: lines that come before the greeting are said, and so is one that is whole
// only later.
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

// TestEarlyEnd: a client that has ended its input is greeted, after what it has said.
func TestEarlyEnd(t *testing.T) {
	for sent, want := range map[string]string{"": "", "\n": "", "hello": ": hello\n", "*1\r\n": ": *1\n"} {
		c := connect(t, serve(t, hub.New(hub.Options{})))
		io.WriteString(c, sent)
		c.CloseWrite()
		told, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(told), "* You are ") || !strings.HasSuffix(string(told), want) {
			t.Errorf("%q reads %q, %v", sent, told, err)
		}
	}
}

// TestAwaitEnded: a server that has ended lets nobody wait for a first line, and keeps no seat.
func TestAwaitEnded(t *testing.T) {
	const members = 3
	h := hub.New(hub.Options{Limits: admission.Limits{Members: members}})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler)}
	g.own.close()
	ln := listen(t)
	var conns []net.Conn
	for range members {
		conns = append(conns, connect(t, ln.Addr().String()))
	}
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for _, c := range conns {
		if told, err := io.ReadAll(c); len(told) > 0 || err == nil {
			t.Errorf("it reads %q, %v", told, err)
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
