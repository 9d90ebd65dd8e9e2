//go:build linux

package abuse

import (
	"encoding/binary"
	"strings"
	"time"

	"partyline/wsgw"
)

// slowed stands for a client that is read so slowly that its Close does not come up.
const slowed = 1

// frames returns a case that sends bytes over a WebSocket in JSON and in text, and reads
// to the end. The close code that comes is code; 0 stands for the client's own.
func frames(name string, code uint16, bytes string) abuse {
	return abuse{name: name, run: func(a *abuser) {
		for _, headers := range []string{"", "Sec-WebSocket-Protocol: partyline.json.v1\r\n"} {
			c := a.ws(headers)
			a.beside.Go(func() {
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
			if got := closeCodeIn(a.drain(c, 5*time.Second)); got != want {
				a.Errorf("closed with %d, not %d", got, want)
			}
		}
	}}
}

// closeCodeIn returns the code of the close frame among a server's frames, or 0.
func closeCodeIn(stream string) uint16 {
	for {
		payload, rest := nextFrame(stream)
		switch {
		case rest == stream:
			return 0
		case stream[0] == 0x88 && len(payload) >= 2:
			return binary.BigEndian.Uint16([]byte(payload))
		}
		stream = rest
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
	frames("a few pings", 0, strings.Repeat(masked(0x89, "ping"), 30)),
	frames("pings without end", slowed, strings.Repeat(masked(0x89, "ping"), 3000)),
	frames("pongs without end", slowed, strings.Repeat(masked(0x8a, ""), 10_000)),
	frames("empty messages without end", 0, strings.Repeat(masked(0x81, ""), 35)),
	frames("fragments of one byte", 1008, masked(0x01, "a")+strings.Repeat(masked(0x00, "b"), 2000)),
	frames("pings between fragments", slowed, masked(0x01, " ")+strings.Repeat(masked(0x89, "p")+masked(0x00, ""), 500)+masked(0x80, "")),
	frames("a length beyond everything", 1002, "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"),
	frames("a length of a gigabyte", 1009, "\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00\x00"),
	frames("a message of a megabyte", 1009, masked(0x81, strings.Repeat("x", 1<<20))),
	frames("a message of a megabyte in parts", 1009, masked(0x01, "x")+strings.Repeat(masked(0x00, strings.Repeat("x", 10_000)), 100)),
	frames("binary", 1003, masked(0x82, "binary")),
	frames("invalid UTF-8", 1007, masked(0x81, "a\xc0\xaf")),
	frames("invalid UTF-8 over fragments", 1007, masked(0x01, "a\xe2\x82")+masked(0x80, "b")),
	frames("without a mask", 1002, "\x81\x05hello"),
	frames("reserved bits", 1002, masked(0xf1, "hello")),
	frames("a reserved opcode", 1002, masked(0x83, "hello")),
	frames("a continuation of nothing", 1002, masked(0x80, "hello")),
	frames("a ping that is too long", 1002, masked(0x89, strings.Repeat("p", 126))),
	frames("a fragmented ping", 1002, masked(0x09, "p")),
	frames("a close code of nothing", 1002, masked(0x88, "\x03\xed")),
	{name: "noise as frames", run: func(a *abuser) {
		for i := range 20 {
			c := a.ws("")
			a.beside.Go(func() { send(c, noise(4096)[i*10:]) })
			a.drain(c, time.Second)
		}
	}},
	{name: "half a frame, and nothing more", run: func(a *abuser) {
		for range 50 {
			send(a.ws(""), masked(0x81, strings.Repeat("x", 1000))[:500])
		}
	}},
	{name: "a frame a byte at a time", run: func(a *abuser) {
		c := a.ws("")
		for _, b := range []byte(masked(0x81, "slowly")) {
			send(c, string(b))
			time.Sleep(20 * time.Millisecond) // slowness is the case
		}
	}},
	{name: "messages behind the close", run: func(a *abuser) {
		for range 20 {
			c := a.ws("")
			send(c, masked(0x88, "\x03\xe8")+strings.Repeat(masked(0x81, "behind the close"), 100))
			a.drain(c, 2*time.Second)
		}
	}},
}
