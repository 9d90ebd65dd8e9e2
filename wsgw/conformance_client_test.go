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

// A rawClient sends any bytes and checks every bit that it receives.
type rawClient struct {
	t     *testing.T
	tcp   *net.TCPConn
	in    *bufio.Reader
	nick  string
	host  string
	early []string // pongs that came before a line and are not collected yet

	request []byte // the opening handshake
}

// dial connects a client that has sent nothing yet.
func (e *testServer) dial(t *testing.T, room, name string) *rawClient {
	t.Helper()
	tcp, err := net.Dial("tcp", e.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	tcp.SetDeadline(time.Now().Add(30 * time.Second))
	c := &rawClient{t: t, tcp: tcp.(*net.TCPConn), in: bufio.NewReader(tcp), nick: e.unique(name), host: e.addr}
	c.request = fmt.Appendf(nil, "GET /?room=%s&nick=%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", room, c.nick, c.host)
	return c
}

// enter connects a client that is a member of a room.
func (e *testServer) enter(t *testing.T, room, name string) *rawClient {
	t.Helper()
	c := e.dial(t, room, name)
	c.send(c.request)
	c.expectWelcome()
	return c
}

// expectWelcome reads the response to the usual handshake and the first line.
func (c *rawClient) expectWelcome() {
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

// checkAccepted checks a response with status 101 (RFC 6455 section 4.2.2).
func (c *rawClient) checkAccepted(res *http.Response) {
	c.t.Helper()
	_, key, _ := strings.Cut(string(c.request), "Sec-WebSocket-Key: ")
	key, _, _ = strings.Cut(key, "\r\n")
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	h := res.Header
	if res.StatusCode != http.StatusSwitchingProtocols || res.ProtoMajor != 1 || res.ProtoMinor != 1 ||
		!strings.EqualFold(h.Get("Upgrade"), "websocket") || !strings.EqualFold(h.Get("Connection"), "upgrade") ||
		h.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) ||
		h["Sec-Websocket-Extensions"] != nil || h["Content-Length"] != nil || h["Transfer-Encoding"] != nil {
		c.t.Fatalf("the response is %s with %q", res.Status, h)
	}
}

// try sends pieces, the first of which may start with the handshake, and returns the outcome.
// If disconnects, it then ends its side of the connection.
func (c *rawClient) try(pieces [][]byte, disconnects bool) (got outcome) {
	c.t.Helper()
	sent := make(chan error, 1)
	go func() {
		for _, b := range pieces {
			if _, err := c.tcp.Write(b); err != nil {
				sent <- err
				return
			}
		}
		if disconnects {
			c.tcp.CloseWrite()
		}
		sent <- nil
	}()
	c.expectWelcome()
	got = c.collect()
	if err := <-sent; err != nil {
		c.t.Errorf("send: %v", err)
	}
	// The server drops further input, and sends nothing after the close frame.
	if !disconnects {
		c.send(clientClose(1000, ""), ping("late"), text("late"))
		c.tcp.CloseWrite()
	}
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil {
		c.t.Errorf("after the end the client receives %q, %v", rest, err)
	}
	return got
}

// collect returns what the client receives until a close frame or the end of the connection.
func (c *rawClient) collect() (got outcome) {
	c.t.Helper()
	got.pongs, c.early = c.early, nil
	for {
		opcode, payload, err := c.frame()
		if err == io.EOF {
			got.code = lost
			return got
		}
		if err != nil {
			c.t.Errorf("receive: %v", err)
			return got
		}
		switch opcode {
		case 0x1:
			line, own := strings.CutPrefix(payload, c.nick+": ")
			if !own {
				c.t.Errorf("%s receives %.100q", c.nick, payload)
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

// readUntilLeft returns what another client says until it leaves.
func (c *rawClient) readUntilLeft(other *rawClient) (said []string) {
	c.t.Helper()
	for {
		line, err := c.line()
		switch {
		case err != nil:
			c.t.Fatalf("%s receives no more after %.500q: %v", c.nick, said, err)
		case line == "* "+other.nick+" has left":
			return said
		case line != "* "+other.nick+" has arrived":
			said = append(said, strings.TrimPrefix(line, other.nick+": "))
		}
	}
}

// checkTalks checks that the client receives a message that it says.
func (c *rawClient) checkTalks() {
	c.t.Helper()
	c.send(text("still here"))
	if line, err := c.line(); line != c.nick+": still here" {
		c.t.Errorf("%s talks and receives %q, %v", c.nick, line, err)
	}
}

func (c *rawClient) send(frames ...[]byte) {
	c.t.Helper()
	if _, err := c.tcp.Write(join(frames...)); err != nil {
		c.t.Error(err)
	}
}

// line returns the next text message.
func (c *rawClient) line() (string, error) {
	for {
		opcode, payload, err := c.frame()
		switch {
		case err != nil || opcode == 0x1:
			return payload, err
		case opcode == 0xa: // a pong may overtake queued frames
			c.early = append(c.early, payload)
		case opcode != 0x9:
			return "", fmt.Errorf("a frame with opcode %#x", opcode)
		}
	}
}

// frame reads a frame. It returns an error if no server may send such a frame, or if it is a
// fragment, which this server never sends.
func (c *rawClient) frame() (opcode byte, payload string, err error) {
	h, ok := ParseFrameHeader(nil)
	var header []byte
	for !ok {
		more := make([]byte, h.Size-len(header))
		if _, err := io.ReadFull(c.in, more); err != nil {
			if len(header) > 0 {
				err = fmt.Errorf("after % x: %w", header, err)
			}
			return 0, "", err
		}
		header = append(header, more...)
		h, ok = ParseFrameHeader(header)
	}
	if !h.hasShortestLength() || h.Length > 1<<20 || h.Masked {
		return 0, "", fmt.Errorf("after % x: %w", header, errors.New("wrong length"))
	}
	b := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, b); err != nil {
		return 0, "", fmt.Errorf("after % x: %w", header, err)
	}
	return h.Opcode(), string(b), checkFrame(h.First, b)
}

// checkFrame returns an error if a server may not send a frame with this first byte and payload.
func checkFrame(first byte, payload []byte) error {
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
		return fmt.Errorf("a frame with the first byte %#x and the payload %.100q", first, payload)
	}
	return nil
}
