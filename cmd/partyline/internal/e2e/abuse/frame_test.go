//go:build linux

package abuse

import (
	"encoding/binary"
	"net"
	"strings"
	"time"

	"partyline/wsgw"
)

// slowed stands for a client that the server slows so much that it does not read its close frame.
const slowed = 1

// frameCase returns a case that sends bytes over a WebSocket in JSON and in text, and reads until a
// close frame, or the end of the stream. The server must close with code; 0 stands for the code of the client's own close
// frame.
func frameCase(name string, code uint16, bytes string) abuse {
	return abuse{name: name, slow: code == slowed, run: func(a *abuser) {
		for _, headers := range []string{"", "Sec-WebSocket-Protocol: partyline.json.v1\r\n"} {
			c := a.ws(headers)
			a.background.Go(func() {
				send(c, bytes)
				if code <= slowed {
					send(c, masked(0x88, "\x03\xe8"))
				}
			})
			want := code
			switch code {
			case 0:
				want = 1000
			case slowed:
				want = 0
			}
			wait := 5 * time.Second
			if want == 0 { // no close frame comes
				wait = 2 * time.Second
			}
			if got := a.readCloseCode(c, wait); got != want {
				a.Errorf("closed with %d, not %d", got, want)
			}
		}
	}}
}

// readCloseCode reads until the server's first close frame, for at most d, and returns its code, or 0.
func (a *abuser) readCloseCode(c net.Conn, d time.Duration) uint16 {
	c.SetReadDeadline(time.Now().Add(d))
	stream, buf := "", make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		stream += string(buf[:n])
		for payload, rest := nextFrame(stream); rest != stream; payload, rest = nextFrame(stream) {
			if stream[0] == 0x88 && len(payload) >= 2 {
				return binary.BigEndian.Uint16([]byte(payload))
			}
			stream = rest
		}
		if err != nil {
			return 0
		}
	}
}

// nextFrame returns the payload of the server's frame at the start of stream, and the rest of the
// stream. If the frame is not complete, the rest is the whole stream.
func nextFrame(stream string) (payload, rest string) {
	h, ok := wsgw.ParseFrameHeader([]byte(stream[:min(len(stream), 10)]))
	if !ok || uint64(len(stream)-h.Size) < h.Length {
		return "", stream
	}
	end := h.Size + int(h.Length)
	return stream[h.Size:end], stream[end:]
}

var frameAbuses = []abuse{
	frameCase("a few pings", 0, strings.Repeat(masked(0x89, "ping"), 30)),
	frameCase("3,000 pings", slowed, strings.Repeat(masked(0x89, "ping"), 3000)),
	frameCase("10,000 pongs", slowed, strings.Repeat(masked(0x8a, ""), 10_000)),
	frameCase("35 empty messages", 0, strings.Repeat(masked(0x81, ""), 35)),
	frameCase("fragments of one byte", 1008, masked(0x01, "a")+strings.Repeat(masked(0x00, "b"), 2000)),
	frameCase("pings between fragments", slowed, masked(0x01, " ")+strings.Repeat(masked(0x89, "p")+masked(0x00, ""), 500)+masked(0x80, "")),
	frameCase("a length of more than 63 bits", 1002, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"),
	frameCase("a length of a gigabyte", 1009, "\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"),
	frameCase("a message of a megabyte", 1009, masked(0x81, strings.Repeat("x", 1<<20))),
	frameCase("a message of a megabyte in fragments", 1009, masked(0x01, "x")+strings.Repeat(masked(0x00, strings.Repeat("x", 10_000)), 100)),
	frameCase("binary", 1003, masked(0x82, "binary")),
	frameCase("invalid UTF-8", 1007, masked(0x81, "a\xc0\xaf")),
	frameCase("invalid UTF-8 over fragments", 1007, masked(0x01, "a\xe2\x82")+masked(0x80, "b")),
	frameCase("without a mask", 1002, "\x81\x05hello"),
	frameCase("reserved bits", 1002, masked(0xf1, "hello")),
	frameCase("a reserved opcode", 1002, masked(0x83, "hello")),
	frameCase("a continuation of nothing", 1002, masked(0x80, "hello")),
	frameCase("a ping that is too long", 1002, masked(0x89, strings.Repeat("p", 126))),
	frameCase("a fragmented ping", 1002, masked(0x09, "p")),
	frameCase("a close code that is reserved", 1002, masked(0x88, "\x03\xed")),
	{name: "noise as frames", run: func(a *abuser) {
		for i := range 20 {
			c := a.ws("")
			a.background.Go(func() { send(c, noise(4096)[i*10:]) })
			a.drain(c, time.Second)
		}
	}},
	{name: "half a frame", run: func(a *abuser) {
		for range 50 {
			send(a.ws(""), masked(0x81, strings.Repeat("x", 1000))[:500])
		}
	}},
	{name: "a frame sent one byte at a time", run: func(a *abuser) {
		c := a.ws("")
		for _, b := range []byte(masked(0x81, "slowly")) {
			send(c, string(b))
			time.Sleep(20 * time.Millisecond) // sends slowly on purpose
		}
	}},
	{name: "messages after the close", run: func(a *abuser) {
		for range 20 {
			c := a.ws("")
			send(c, masked(0x88, "\x03\xe8")+strings.Repeat(masked(0x81, "after the close"), 100))
			a.drain(c, 2*time.Second)
		}
	}},
}
