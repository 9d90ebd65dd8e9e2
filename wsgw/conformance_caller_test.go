package wsgw

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A caller is a client that sends any bytes, and looks at every bit that it gets.
type caller struct {
	t     *testing.T
	tcp   *net.TCPConn
	in    *bufio.Reader
	nick  string
	host  string
	early []string // pongs that came while a line was awaited

	request []byte // its opening handshake
}

// dial connects somebody who has not sent anything yet.
func (e *endpoint) dial(t *testing.T, room, name string) *caller {
	t.Helper()
	tcp, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	tcp.SetDeadline(time.Now().Add(30 * time.Second))
	c := &caller{t: t, tcp: tcp.(*net.TCPConn), in: bufio.NewReader(tcp), nick: e.unique(name), host: e.addr}
	c.request = fmt.Appendf(nil, "GET /?room=%s&nick=%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", room, c.nick, c.host)
	return c
}

// enter lets somebody into a room.
func (e *endpoint) enter(t *testing.T, room, name string) *caller {
	t.Helper()
	c := e.dial(t, room, name)
	c.send(c.request)
	c.expectWelcome()
	return c
}

// expectWelcome reads the answer to the usual handshake, and the first line.
func (c *caller) expectWelcome() {
	c.t.Helper()
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.checkAccepted(res)
	if line, err := c.line(); !strings.HasPrefix(line, "* You are "+c.nick+" in #") {
		c.t.Fatalf("the welcome is %q, %v", line, err)
	}
}

// checkAccepted checks an answer that lets in (RFC 6455 section 4.2.2).
func (c *caller) checkAccepted(res *http.Response) {
	c.t.Helper()
	_, key, _ := strings.Cut(string(c.request), "Sec-WebSocket-Key: ")
	key, _, _ = strings.Cut(key, "\r\n")
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	h := res.Header
	if res.StatusCode != http.StatusSwitchingProtocols || res.ProtoMajor != 1 || res.ProtoMinor != 1 ||
		!strings.EqualFold(h.Get("Upgrade"), "websocket") || !strings.EqualFold(h.Get("Connection"), "upgrade") ||
		h.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) ||
		h["Sec-Websocket-Extensions"] != nil || h["Content-Length"] != nil || h["Transfer-Encoding"] != nil {
		c.t.Fatalf("the answer is %s with %q", res.Status, h)
	}
}

// try sends pieces, where the first may begin with the handshake, and hears what comes of
// them until the end of the connection.
func (c *caller) try(pieces [][]byte, leaves bool) (got outcome) {
	c.t.Helper()
	sent := make(chan error, 1)
	go func() {
		for _, b := range pieces {
			if _, err := c.tcp.Write(b); err != nil {
				sent <- err
				return
			}
		}
		if leaves {
			c.tcp.CloseWrite()
		}
		sent <- nil
	}()
	c.expectWelcome()
	got = c.listen()
	if err := <-sent; err != nil {
		c.t.Errorf("not all can be sent: %v", err)
	}
	// Whatever comes now is dropped, and nothing follows the close frame.
	if !leaves {
		c.send(bye(1000, ""), ping("late"), text("late"))
		c.tcp.CloseWrite()
	}
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil {
		c.t.Errorf("behind the end comes %q, %v", rest, err)
	}
	return got
}

// listen hears what comes until a close frame or the end of the connection.
func (c *caller) listen() (got outcome) {
	c.t.Helper()
	got.pongs, c.early = c.early, nil
	for {
		opcode, payload, err := c.frame()
		if err == io.EOF {
			got.code = lost
			return got
		}
		if err != nil {
			c.t.Errorf("nothing can be heard: %v", err)
			return got
		}
		switch opcode {
		case 0x1:
			line, own := strings.CutPrefix(payload, c.nick+": ")
			if !own {
				c.t.Errorf("%s is told %.100q", c.nick, payload)
			}
			got.said = append(got.said, line)
		case 0xa:
			got.pongs = append(got.pongs, payload)
		case 0x8:
			got.code = noStatus
			if payload != "" {
				got.code = int(binary.BigEndian.Uint16([]byte(payload)))
			}
			return got
		}
	}
}

// hearOut returns what another said, who comes and goes.
func (c *caller) hearOut(other *caller) (said []string) {
	c.t.Helper()
	for {
		line, err := c.line()
		switch {
		case err != nil:
			c.t.Fatalf("%s hears no more behind %.500q: %v", c.nick, said, err)
		case line == "* "+other.nick+" has left":
			return said
		case line != "* "+other.nick+" has arrived":
			said = append(said, strings.TrimPrefix(line, other.nick+": "))
		}
	}
}

// talk says something and hears it.
func (c *caller) talk() {
	c.t.Helper()
	c.send(text("still here"))
	if line, err := c.line(); line != c.nick+": still here" {
		c.t.Errorf("%s talks and hears %q, %v", c.nick, line, err)
	}
}

func (c *caller) send(frames ...[]byte) {
	c.t.Helper()
	if _, err := c.tcp.Write(join(frames...)); err != nil {
		c.t.Error(err)
	}
}

// line returns the next text that is told.
func (c *caller) line() (string, error) {
	for {
		opcode, payload, err := c.frame()
		switch {
		case err != nil || opcode == 0x1:
			return payload, err
		case opcode == 0xa: // a pong may come before what was queued earlier
			c.early = append(c.early, payload)
		case opcode != 0x9:
			return "", fmt.Errorf("a frame with opcode %#x", opcode)
		}
	}
}

// frame reads a frame. An error says that no server may send such a one, or that this one
// does not: it has each message in one frame.
func (c *caller) frame() (opcode byte, payload string, err error) {
	var header [10]byte
	if _, err := io.ReadFull(c.in, header[:2]); err != nil {
		return 0, "", err
	}
	size, least := uint64(header[1]), uint64(0)
	switch size {
	case 126:
		_, err = io.ReadFull(c.in, header[2:4])
		size, least = uint64(binary.BigEndian.Uint16(header[2:])), 126
	case 127:
		_, err = io.ReadFull(c.in, header[2:10])
		size, least = binary.BigEndian.Uint64(header[2:]), 1<<16
	}
	if err == nil && (size < least || size > 1<<20 || header[1] > 127) {
		err = errors.New("wrong length")
	}
	if err != nil {
		return 0, "", fmt.Errorf("behind % x: %w", header, err)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c.in, b); err != nil {
		return 0, "", fmt.Errorf("behind % x: %w", header, err)
	}
	return header[0] & 0xf, string(b), wrong(header[0], b)
}

// wrong says what is wrong with a server's whole frame.
func wrong(first byte, payload []byte) error {
	ok := false
	switch first {
	case 0x81:
		ok = utf8.Valid(payload)
	case 0x88:
		ok = len(payload) == 0 || len(payload) >= 2 && len(payload) <= 125 && utf8.Valid(payload[2:])
	case 0x89, 0x8a:
		ok = len(payload) <= 125
	}
	if !ok {
		return fmt.Errorf("a frame that begins with %#x and has %.100q", first, payload)
	}
	return nil
}
