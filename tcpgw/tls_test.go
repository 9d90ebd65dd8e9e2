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
	"net/netip"
	"strings"
	"testing"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// serveTLS serves a gateway with TLS until the end of the test. The welcome waits for a
// ClientHello as long as necessary.
func serveTLS(t *testing.T, g *Gateway) *hubtest.Listener {
	t.Helper()
	ln := hubtest.TLSOverTCP.Listen(t)
	g.TLS, g.helloWait = ln.TLS, time.Minute
	serveOn(t, g, ln)
	return ln
}

// A lineReader reads lines in a test.
type lineReader struct {
	t  *testing.T
	in *bufio.Reader
}

func readLines(t *testing.T, c net.Conn) *lineReader {
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &lineReader{t, bufio.NewReader(c)}
}

// expect reads lines up to one that contains want.
func (r *lineReader) expect(want string) {
	r.t.Helper()
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			r.t.Fatalf("%q, %v; want %q", line, err, want)
		}
		if strings.Contains(line, want) {
			return
		}
	}
}

// line reads a line.
func (r *lineReader) line() string {
	r.t.Helper()
	line, err := r.in.ReadString('\n')
	if err != nil {
		r.t.Fatal(err)
	}
	return line
}

// TestTLSAndText has clients with and without TLS in one room.
func TestTLSAndText(t *testing.T) {
	ln := serveTLS(t, &Gateway{Hub: hub.New(hub.Options{})})
	secure := ln.Dial(t)
	received := readLines(t, secure)
	received.expect("* You are ")
	plain := connect(t, ln.Addr().String())
	fmt.Fprintln(plain, "hello from text")
	received.expect(": hello from text\n")
	fmt.Fprintln(secure, "hello from TLS")
	readLines(t, plain).expect(": hello from TLS\n")

	early := ln.Dial(t)
	fmt.Fprint(early, "one\ntw")
	received = readLines(t, early)
	received.expect(": one\n")
	fmt.Fprint(early, "o\nthree")
	received.expect(": two\n")
	early.CloseWrite()
	received.expect(": three\n")
	if rest, err := io.ReadAll(received.in); err != nil {
		t.Errorf("after the end it reads %q, %v", rest, err)
	}
}

// TestTextWithTLS connects text clients to a gateway with TLS. One that is silent gets the welcome
// after the wait for a ClientHello, and one that has sent something does not wait for that.
func TestTextWithTLS(t *testing.T) {
	for name, c := range map[string]struct {
		sent      string
		helloWait time.Duration
	}{
		"silent":      {"", 50 * time.Millisecond},
		"half a line": {"half", time.Minute},
		"blank lines": {"\n\n", time.Minute},
		"a line":      {"hello\n", time.Minute},
	} {
		ln := hubtest.TLSOverTCP.Listen(t)
		serveOn(t, &Gateway{Hub: hub.New(hub.Options{}), TLS: ln.TLS, helloWait: c.helloWait}, ln)
		client := connect(t, ln.Addr().String())
		io.WriteString(client, c.sent)
		if line, err := bufio.NewReader(client).ReadString('\n'); err != nil || !strings.HasPrefix(line, "* You are ") {
			t.Errorf("%s: the client reads %q, %v", name, line, err)
		}
	}
}

// TestTLSCutOff ends a connection in a line without a close_notify, which anybody on the way can do.
// The lines before are said, and the last one is not.
func TestTLSCutOff(t *testing.T) {
	ln := serveTLS(t, &Gateway{Hub: hub.New(hub.Options{})})
	room := ln.Dial(t)
	received := readLines(t, room)
	received.expect("* You are ")
	for name, end := range map[string]func(*hubtest.Socket){"FIN": (*hubtest.Socket).End, "reset": (*hubtest.Socket).Reset} {
		client := ln.Dial(t)
		fmt.Fprintf(client, "%s one\n%s do not delete", name, name)
		end(client)
		for {
			line, err := received.in.ReadString('\n')
			if err != nil || strings.Contains(line, "do not delete") {
				t.Fatalf("%q, %v", line, err)
			}
			if strings.Contains(line, " has left") {
				break
			}
		}
	}
}

// TestForeignInTLS connects clients of other protocols over TLS. Each receives one answer and a clean
// end, and the room receives nothing.
func TestForeignInTLS(t *testing.T) {
	g := &Gateway{Hub: hub.New(hub.Options{}), Web: "http://chat.example/", openingWait: time.Minute}
	ln := serveTLS(t, g)
	r := &room{t: t, addr: ln.Addr().String(), conn: connect(t, ln.Addr().String())}
	r.in = bufio.NewReader(r.conn)
	r.checkQuiet()
	for stream, answer := range foreignStreams() { // one of them is TLS
		client := ln.Dial(t)
		client.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(client, stream)
		received, err := io.ReadAll(client)
		if err != nil || !strings.HasPrefix(string(received), answer) || strings.Contains(string(received), "hunter2") {
			t.Errorf("%q reads %q, %v", stream, received, err)
		}
	}
	inner := tls.Client(ln.Dial(t), &tls.Config{ServerName: "localhost"})
	if err := inner.Handshake(); err == nil || !strings.Contains(err.Error(), "does not look like a TLS handshake") {
		t.Errorf("TLS in TLS: %v", err)
	}
	late := connect(t, ln.Addr().String())
	io.WriteString(late, "\n\x16\x03\x01\x00\x05")
	if received, err := io.ReadAll(late); err != nil || !strings.HasPrefix(string(received), "! ") {
		t.Errorf("TLS after a blank line reads %q, %v", received, err)
	}
	r.checkQuiet()
}

// A splitConn writes a few bytes at a time.
type splitConn struct{ net.Conn }

func (c splitConn) Write(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		end := min(n+7, len(b))
		var m int
		m, err = c.Conn.Write(b[n:end])
		n += m
	}
	return n, err
}

// TestTLSFromProxy connects with a PROXY header before the ClientHello, in one piece and in small
// ones.
func TestTLSFromProxy(t *testing.T) {
	server, client, err := hubtest.TLS()
	if err != nil {
		t.Fatal(err)
	}
	addr := serveAs(t, &Gateway{
		Hub:     hub.New(hub.Options{Limits: admission.Limits{PerAddress: 1}}),
		Proxies: admission.NewNetworks(netip.MustParsePrefix("127.0.0.0/8")), HeaderTimeout: time.Minute,
		TLS: server, helloWait: time.Minute,
	})
	for i, wrap := range []func(net.Conn) net.Conn{
		func(c net.Conn) net.Conn { return c },
		func(c net.Conn) net.Conn { return splitConn{c} },
	} {
		below := wrap(connect(t, addr))
		io.WriteString(below, header(t, 2, fmt.Sprintf("203.0.113.%d:1234", i)))
		c := tls.Client(below, client)
		io.WriteString(c, "hello\n")
		readLines(t, c).expect(": hello\n")
	}
}

// TestHandshakeFails has clients whose handshake fails. Each costs a line in the log and no slot.
func TestHandshakeFails(t *testing.T) {
	log := new(hubtest.Buffer)
	h := hub.New(hub.Options{Limits: admission.Limits{Members: 1}})
	ln := serveTLS(t, &Gateway{
		Hub: h, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	for i, fail := range []func() error{
		func() error { // it does not trust the certificate
			_, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{ServerName: "localhost"})
			return err
		},
		func() error { // it gets an alert
			_, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
			if err != nil && !strings.Contains(err.Error(), "protocol version not supported") {
				t.Errorf("no alert: %v", err)
			}
			return err
		},
		func() error { // it ends
			c := connect(t, ln.Addr().String())
			io.WriteString(c, "\x16\x03\x01\x02\x00")
			c.CloseWrite()
			_, err := io.ReadAll(c)
			return errors.Join(err, io.EOF)
		},
	} {
		if err := fail(); err == nil {
			t.Fatal("the handshake succeeds")
		}
		for late := time.Now().Add(20 * time.Second); strings.Count(log.String(), "TLS handshake: ") <= i; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatalf("after %d failures the log has\n%s", i+1, log.String())
			}
		}
		for { // the slot is free soon after the log has the failure
			if slot, err := h.Admit(netip.Addr{}); err == nil {
				slot.Leave()
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 3 {
		t.Errorf("the log has %d lines:\n%s", n, log.String())
	}
	readLines(t, ln.Dial(t)).expect("* You are ")
}

// TestEndDuringHandshakes ends a gateway while clients are in their handshakes. They count as
// connections without a session, and have the slots of members.
func TestEndDuringHandshakes(t *testing.T) {
	const members = 3
	h := hub.New(hub.Options{Limits: admission.Limits{Members: members}})
	g := &Gateway{Hub: h, MaxLine: 4096, Log: slog.New(slog.DiscardHandler), helloWait: time.Minute}
	ln := hubtest.TLSOverTCP.Listen(t)
	g.TLS = ln.TLS
	ended := make(chan error)
	go func() { ended <- g.Serve(ln) }()
	for range members {
		io.WriteString(connect(t, ln.Addr().String()), "\x16\x03\x01\x02\x00")
	}
	for late := time.Now().Add(20 * time.Second); g.sessionless.count() < members; time.Sleep(time.Millisecond) {
		if time.Now().After(late) {
			t.Fatalf("%d connections have no session", g.sessionless.count())
		}
	}
	if received, err := io.ReadAll(connect(t, ln.Addr().String())); err != nil || !strings.Contains(string(received), admission.ErrFull.Error()) {
		t.Errorf("one more client reads %q, %v", received, err)
	}
	ln.Close()
	h.Shutdown(context.Background())
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(handshakeTimeout - time.Second):
		t.Fatal("Serve waits for handshakes")
	}
}
