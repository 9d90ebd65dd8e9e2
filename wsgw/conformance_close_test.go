package wsgw

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestConformanceClose(t *testing.T) {
	t.Parallel()
	newTestServer(t, 4096).conform(t, closeRules())
}

// closeRules returns the rules of RFC 6455 sections 5.5.1 and 7: the closing handshake, its
// codes and its reasons.
func closeRules() []rule {
	rules := []rule{
		{"5.5.1 an empty close", frame(0x88, ""), closes(noStatus)},
		{"5.5.1 a close of one byte", frame(0x88, "\x03"), closes(1002)},
		{"5.5.1 a close with a code", clientClose(1000, ""), closes(1000)},
		{"5.5.1 a close with a reason", clientClose(1000, "bye"), closes(1000)},
		{"5.5.1 a close with a reason of 123 bytes", clientClose(1000, long(123)), closes(1000)},
		{"5.5.1 a close with a reason of 124 bytes", clientClose(1000, long(124)), closes(1002)},
		{"5.5.1 a close of 126 bytes is refused after two bytes", raw(0x88, 0xfe), closes(1002)},
		{"5.5.1 a close's 2 in 16 bits", raw(0x88, 0xfe, 0, 2, 0, 0, 0, 0, 0x03, 0xe8), closes(1002)},
		{"5.5.1 a close in fragments", join(frame(0x08, "\x03\xe8"), last("")), closes(1002)},
		{"5.5.1 an empty close in fragments", frame(0x08, ""), closes(1002)},
		{"5.5.1 a reason in UTF-8", clientClose(1000, "tschüß 👋"), closes(1000)},
		{"5.5.1 a reason with control characters", clientClose(1000, "a\x00\n\x1b"), closes(1000)},
		{"5.5.1 a close after a message", join(text("hi"), clientClose(1000, "")), outcome{said: []string{"hi"}, code: 1000}},
		{"5.5.1 two closes", join(clientClose(1000, ""), clientClose(1001, "")), closes(1000)},
		{"5.5.1 an invalid close after a close", join(clientClose(1000, ""), frame(0x88, "\x03")), closes(1000)},
		{"5.5.1 a message after the close", join(clientClose(1000, ""), text("hi")), closes(1000)},
		{"5.5.1 a fragment after the close", join(first("a"), clientClose(1000, ""), last("b")), closes(1000)},
		{"5.5.1 many messages after the close", join(clientClose(1000, ""), times(1000, text(long(100)))), closes(1000)},
		{"5.5.1 a megabyte after the close", join(clientClose(1000, ""), text(long(1<<20))), closes(1000)},
		{"5.5.1 bytes that are no frame after the close", join(clientClose(1000, ""), []byte("\xff\xff\xff\xff\xff\xff\xff\xff")), closes(1000)},
		{"5.5.1 the end within a close", clientClose(1000, "bye")[:9], closes(lost)},
		{"5.5.1 the end within the code of a close", clientClose(1000, "bye")[:7], closes(lost)},

		{"7.1.6 a reason that is not UTF-8", clientClose(1000, "\xff"), closes(1007)},
		{"7.1.6 a reason with an overlong sequence", clientClose(1000, "a\xc0\xafb"), closes(1007)},
		{"7.1.6 a reason with a surrogate", clientClose(1000, "\xed\xa0\x80"), closes(1007)},
		{"7.1.6 a reason that ends in a sequence", clientClose(1000, "a\xe2\x82"), closes(1007)},
		{"7.1.6 a reason above U+10FFFF", clientClose(1000, "\xf4\x90\x80\x80"), closes(1007)},
		{"7.1.6 a reason that is not UTF-8 at its end", clientClose(1000, long(122)+"\xc3"), closes(1007)},
		{"7.1.6 a reason that is not UTF-8 and a code that is not allowed", clientClose(1005, "\xff"), closes(1002)},
		{"7.1.6 a reason that is not UTF-8 after a message", join(text("hi"), clientClose(1000, "\x80")), outcome{said: []string{"hi"}, code: 1007}},
		{"7.1.7 a close after a protocol error", join(frame(0xf1, ""), clientClose(1000, "")), closes(1002)},
	}
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3003, 3999, 4000, 4999} {
		rules = append(rules,
			rule{fmt.Sprintf("7.4 the code %d", code), clientClose(code, ""), closes(int(code))},
			rule{fmt.Sprintf("7.4 the code %d and a reason", code), clientClose(code, "bye"), closes(int(code))})
	}
	for _, code := range []uint16{
		0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1100, 1999, 2000, 2500, 2999, 5000, 9999, 10_000, 32_768, 65_535,
	} {
		rules = append(rules,
			rule{fmt.Sprintf("7.4 the code %d", code), clientClose(code, ""), closes(1002)},
			rule{fmt.Sprintf("7.4 the code %d and a reason", code), clientClose(code, "bye"), closes(1002)})
	}
	return rules
}

// TestConformanceClosing has clients that send frames after the server's close frame. The
// server drops these, for 5 seconds at most.
func TestConformanceClosing(t *testing.T) {
	t.Parallel()
	e := newTestServer(t, 4096)
	var clients sync.WaitGroup
	for name, last := range map[string][]byte{
		"7.1.1 after a close of its own":      clientClose(1000, ""),
		"7.1.7 after a protocol error":        frame(0xf1, ""),
		"7.1.7 in a message that is too long": join(raw(0x81, 0xff, 0x7f), times(7, raw(0xff)), raw(1, 2, 3, 4)),
	} {
		eve := e.enter(t, e.unique("room"), "eve")
		clients.Go(func() {
			eve.send(last)
			eve.collect()
			start := time.Now()
			ticker := time.NewTicker(50 * time.Millisecond)
			defer ticker.Stop()
			for range ticker.C {
				if _, err := eve.tcp.Write(ping("still here")); err != nil {
					break
				}
			}
			if took := time.Since(start); took < lingerTime-time.Second || took > 2*lingerTime {
				t.Errorf("%s: the server reads for %v, want %v", name, took, lingerTime)
			}
		})
	}
	clients.Wait()
}

// TestConformanceCloseRead has clients that send everything before they read. They receive the
// close code and no reset. The server ends the connection after their Close and not before
// (RFC 6455 section 7.1.1).
func TestConformanceCloseRead(t *testing.T) {
	t.Parallel()
	e := newTestServer(t, 4096)
	for _, r := range []rule{
		{"too long", text(long(1 << 21)), closes(1009)},
		{"too long in fragments", inFragments(long(1<<21), 1<<16), closes(1009)},
		{"binary", octets(long(30_000)), closes(1003)},
		{"not UTF-8", text("\xff" + long(30_000)), closes(1007)},
		{"not UTF-8, then too long", join(text("\xff"), text(long(1<<21))), closes(1007)},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			eve := e.enter(t, e.unique("room"), "eve")
			eve.send(r.send)
			if got := eve.collect(); got.code != r.code {
				t.Errorf("eve receives the code %d, want %d", got.code, r.code)
			}
			eve.tcp.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if b, err := eve.in.ReadByte(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("before her Close eve receives %q, %v", b, err)
			}
			eve.send(clientClose(uint16(r.code), ""))
			eve.tcp.SetReadDeadline(time.Now().Add(lingerTime / 2))
			if rest, err := io.ReadAll(eve.in); len(rest) > 0 || err != nil {
				t.Errorf("after her Close eve receives %q, %v", rest, err)
			}
		})
	}
}

// TestConformanceQuit has a member send more after /quit. The server ignores that.
func TestConformanceQuit(t *testing.T) {
	t.Parallel()
	e := newTestServer(t, 4096)
	room := e.unique("room")
	bob, eve := e.enter(t, room, "bob"), e.enter(t, room, "eve")
	eve.send(text("/quit"), text("hi"), ping("p"))
	if line, err := eve.line(); !strings.HasPrefix(line, "-- goodbye: ") {
		t.Errorf("eve receives %q, %v", line, err)
	}
	if got := eve.collect(); got.code != 1000 || got.pongs != nil || got.said != nil {
		t.Errorf("eve receives %v", got)
	}
	if said := bob.readUntilLeft(eve); said != nil {
		t.Errorf("bob receives %q", said)
	}
}
