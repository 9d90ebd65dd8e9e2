package wsgw

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestConformanceFraming(t *testing.T) {
	t.Parallel()
	newTestServer(t, 4096).conform(t, framingRules())
}

// framingRules returns the rules of RFC 6455 sections 5.1 to 5.4, 5.6 and 5.8: masks, header
// bits, opcodes, lengths and fragments.
func framingRules() []rule {
	rules := []rule{
		{"5.1 a frame without a mask", raw(0x81, 2, 'h', 'i'), closes(1002)},
		{"5.1 an empty frame without a mask", raw(0x81, 0), closes(1002)},
		{"5.1 a ping without a mask", raw(0x89, 0), closes(1002)},
		{"5.1 a pong without a mask", raw(0x8a, 0), closes(1002)},
		{"5.1 a close without a mask", raw(0x88, 2, 0x03, 0xe8), closes(1002)},
		{"5.1 a fragment without a mask", join(first("a"), raw(0x80, 1, 'b')), closes(1002)},
		{"5.1 a frame without a mask after a message", join(text("hi"), raw(0x81, 1, 'x')), outcome{said: []string{"hi"}, code: 1002}},
		{"5.1 a message after a frame without a mask", join(raw(0x81, 1, 'x'), text("hi")), closes(1002)},

		{"5.2 a message", text("hello"), says("hello")},
		{"5.2 an empty message", text(""), outcome{}},
		{"5.2 empty messages around one", join(text(""), text("hi"), text("")), says("hi")},
		{"5.2 a length of 1", text("x"), says("x")},
		{"5.2 a length of 125", text(long(125)), says(long(125))},
		{"5.2 a length of 126", text(long(126)), says(long(126))},
		{"5.2 a length of 127", text(long(127)), says(long(127))},
		{"5.2 a length of 128", text(long(128)), says(long(128))},
		{"5.2 a length of 255", text(long(255)), says(long(255))},
		{"5.2 a length of 256", text(long(256)), says(long(256))},
		{"5.2 a length of 4,096", text(long(4096)), says(long(4096))},
		{"5.2 0 in 16 bits", raw(0x81, 0xfe, 0, 0, 1, 2, 3, 4), closes(1002)},
		{"5.2 125 in 16 bits", join(raw(0x81, 0xfe, 0, 125, 0, 0, 0, 0), []byte(long(125))), closes(1002)},
		{"5.2 0 in 64 bits", raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4), closes(1002)},
		{"5.2 125 in 64 bits", raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 125, 1, 2, 3, 4), closes(1002)},
		{"5.2 126 in 64 bits", raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 126, 1, 2, 3, 4), closes(1002)},
		{"5.2 65,535 in 64 bits", raw(0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4), closes(1002)},
		{"5.2 the top bit of the length", raw(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4), closes(1002)},
		{"5.2 all bits of the length", raw(0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4), closes(1002)},
		{"5.2 a fragment's 1 in 16 bits", join(first("a"), raw(0x80, 0xfe, 0, 1, 0, 0, 0, 0, 'b')), closes(1002)},
		{"5.2 a binary message's 1 in 16 bits", raw(0x82, 0xfe, 0, 1, 0, 0, 0, 0, 'b'), closes(1002)},
		{"5.2 a reserved bit after a message", join(text("hi"), frame(0xc1, "x")), outcome{said: []string{"hi"}, code: 1002}},
		{"5.2 a reserved bit, then a ping", join(frame(0xc1, "x"), ping("p")), closes(1002)},
		{"5.2 a reserved bit after a ping", join(ping("p"), frame(0xd9, "x")), outcome{pongs: []string{"p"}, code: 1002}},
		{"5.2 a reserved bit in the first fragment", join(frame(0x41, "a"), last("b")), closes(1002)},
		{"5.2 a reserved bit in the last fragment", join(first("a"), frame(0xc0, "b")), closes(1002)},
		{"5.2 a reserved opcode after a message", join(text("hi"), frame(0x83, "x")), outcome{said: []string{"hi"}, code: 1002}},
		{"5.2 a reserved opcode, then a message", join(frame(0x83, "x"), text("hi")), closes(1002)},
		{"5.2 a reserved opcode between fragments", join(first("a"), frame(0x8b, ""), last("b")), closes(1002)},
		{"5.2 a reserved opcode in fragments", join(frame(0x03, "a"), last("b")), closes(1002)},
		{"5.2 a protocol error is found after two bytes", raw(0xc1, 0x85), closes(1002)},
		{"5.2 the end within a header", raw(0x81), closes(lost)},
		{"5.2 the end within a long length", raw(0x81, 0xfe, 1), closes(lost)},
		{"5.2 the end within a mask", raw(0x81, 0x85, 1, 2), closes(lost)},
		{"5.2 the end within a payload", text("hello")[:8], closes(lost)},
		{"5.2 the end after a message", text("hello"), outcome{said: []string{"hello"}, code: lost}},

		{"5.3 a mask of zeros", withMask("\x00\x00\x00\x00", "hello"), says("hello")},
		{"5.3 a mask of ones", withMask("\xff\xff\xff\xff", "hello"), says("hello")},
		{"5.3 a mask that is the text", withMask("hell", "hellohell"), says("hellohell")},
		{"5.3 a mask per frame", join(withMask("\x01\x80\x7f\xff", "one"), withMask("wxyz", "two")), says("one", "two")},
		{"5.3 an empty payload with a mask", withMask("wxyz", ""), outcome{}},
		{"5.3 each fragment's mask starts at its first byte", join(first("abcde"), middle("fg"), last("hij")), says("abcdefghij")},

		{"5.4 two fragments", join(first("one "), last("two")), says("one two")},
		{"5.4 three fragments", join(first("one "), middle("two "), last("three")), says("one two three")},
		{"5.4 empty fragments around", join(first(""), middle("hi"), last("")), says("hi")},
		{"5.4 empty fragments alone", join(first(""), middle(""), last("")), outcome{}},
		{"5.4 a byte a fragment", join(first("h"), middle("e"), middle("l"), middle("l"), last("o")), says("hello")},
		{"5.4 two messages in fragments", join(first("a"), last("b"), first("c"), last("d")), says("ab", "cd")},
		{"5.4 a message after one in fragments", join(first("a"), last("b"), text("c")), says("ab", "c")},
		{"5.4 long fragments", join(first(long(200)), middle(long(300)), last(long(126))), says(long(200) + long(300) + long(126))},
		{"5.4 a ping between fragments", join(first("a"), ping("p"), last("b")), outcome{said: []string{"ab"}, pongs: []string{"p"}}},
		{
			"5.4 pings between all fragments", join(first("a"), ping("1"), middle("b"), ping("2"), ping(""), last("c"), ping("3")),
			outcome{said: []string{"abc"}, pongs: []string{"1", "2", "", "3"}},
		},
		{"5.4 a pong between fragments", join(first("a"), pong("p"), last("b")), says("ab")},
		{"5.4 a close between fragments", join(first("a"), clientClose(1001, ""), last("b")), closes(1001)},
		{"5.4 a message that does not end", first("a"), outcome{}},
		{"5.4 a message that ends with the connection", first("a"), closes(lost)},
		{"5.4 a new message between fragments", join(first("a"), text("b"), last("c")), closes(1002)},
		{"5.4 a new message in fragments between fragments", join(first("a"), first("b"), last("c")), closes(1002)},
		{"5.4 a binary message between fragments", join(first("a"), octets("b"), last("c")), closes(1002)},
		{"5.4 an empty message between fragments", join(first("a"), text(""), last("c")), closes(1002)},
		{"5.4 a last fragment without a first", last("a"), closes(1002)},
		{"5.4 a fragment without a first", middle("a"), closes(1002)},
		{"5.4 a fragment without a first, and a message", join(middle("a"), text("b")), closes(1002)},
		{"5.4 a fragment after a message", join(text("a"), last("b")), outcome{said: []string{"a"}, code: 1002}},
		{"5.4 a fragment after the last", join(first("a"), last("b"), middle("c")), outcome{said: []string{"ab"}, code: 1002}},
		{"5.4 an empty fragment after the last", join(first("a"), last("b"), last("")), outcome{said: []string{"ab"}, code: 1002}},
		{"5.4 a fragment after a ping", join(ping("p"), last("b")), outcome{pongs: []string{"p"}, code: 1002}},
		{"5.4 many fragments without a first", times(9, join(middle("a"), middle("b"), last("c"))), closes(1002)},

		{"5.6 a binary message", octets("hello"), closes(1003)},
		{"5.6 an empty binary message", octets(""), closes(1003)},
		{"5.6 a binary message that is not UTF-8", octets("\xff\xfe"), closes(1003)},
		{"5.6 a binary message in fragments", join(frame(0x02, "a"), last("b")), closes(1003)},
		{"5.6 a binary message that does not end", frame(0x02, "a"), closes(1003)},
		{"5.6 a binary message after one of text", join(text("hi"), octets("a")), outcome{said: []string{"hi"}, code: 1003}},
		{"5.6 a text message after a binary one", join(octets("a"), text("hi")), closes(1003)},
		{"5.6 a long binary message", octets(long(30_000)), closes(1003)},
		{"5.6 lines in a message", text("one\ntwo\r\nthree"), says("one", "two", "three")},
		{"5.6 lines over fragments", join(first("one\nt"), middle("wo"), last("\nthree")), says("one", "two", "three")},

		{"5.8 an extension's opcode without an extension", frame(0x87, ""), closes(1002)},
		{"5.8 an extension's control opcode without an extension", frame(0x8f, ""), closes(1002)},
		{"5.8 a compressed message without compression", frame(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), closes(1002)},
	}
	for opcode := range byte(16) {
		if opcode >= 3 && opcode <= 7 || opcode >= 11 {
			rules = append(rules,
				rule{fmt.Sprintf("5.2 the reserved opcode %#x", opcode), frame(0x80|opcode, "x"), closes(1002)},
				rule{fmt.Sprintf("5.2 the reserved opcode %#x, empty", opcode), frame(0x80|opcode, ""), closes(1002)})
		}
	}
	for bits := byte(1); bits < 8; bits++ {
		rules = append(rules, rule{fmt.Sprintf("5.2 the reserved bits %03b", bits), frame(0x81|bits<<4, "x"), closes(1002)})
		for what, first := range map[string]byte{"a binary message": 0x82, "a close": 0x88, "a ping": 0x89, "a pong": 0x8a} {
			rules = append(rules, rule{fmt.Sprintf("5.2 the reserved bits %03b in %s", bits, what), frame(first|bits<<4, "\x03\xe8"), closes(1002)})
		}
	}
	return rules
}

func TestConformanceLimits(t *testing.T) {
	t.Parallel()
	newTestServer(t, 4096).conform(t, limitRules())
	// With a larger limit for lines, messages need lengths in 64 bits.
	newTestServer(t, 70_000).conform(t, []rule{
		{"5.2 a length of 65,535", text(long(65_535)), says(long(65_535))},
		{"5.2 a length of 65,536", text(long(65_536)), says(long(65_536))},
		{"5.2 a length of 65,536 in fragments", inFragments(long(65_536), 1300), says(long(65_536))},
		{"5.2 a length of 65,537", text(long(65_537)), says(long(65_537))},
	})
}

// limitRules returns the rules of RFC 6455 section 10.4: messages that are too long or have too
// many fragments. The limits are 33,792 bytes in a message and 4,096 in a line.
func limitRules() []rule {
	const maxMessage = 33_792
	page := strings.Repeat(long(1023)+"\n", maxMessage/1024)
	lines := slices.Repeat([]string{long(1023)}, maxMessage/1024)
	return []rule{
		{"10.4 the longest message", text(page), says(lines...)},
		{"10.4 the longest message, twice", join(text(page), text(page)), says(slices.Concat(lines, lines)...)},
		{"10.4 the longest message, in fragments", inFragments(page, 1000), says(lines...)},
		{"10.4 a byte too long", text(page + "x"), closes(1009)},
		{"10.4 a byte too long, in fragments", join(first(page), last("x")), closes(1009)},
		{"10.4 too long in small fragments", inFragments(page+"x", 100), closes(1009)},
		{"10.4 too long after a message", join(text("hi"), text(page+"x")), outcome{said: []string{"hi"}, code: 1009}},
		{"10.4 a message after one that is too long", join(text(page+"x"), text("hi")), closes(1009)},
		{"10.4 65,535 bytes", text(long(65_535)), closes(1009)},
		{"10.4 65,536 bytes", text(long(65_536)), closes(1009)},
		{"10.4 a megabyte", text(long(1 << 20)), closes(1009)},
		{"10.4 a megabyte that is not UTF-8", text(strings.Repeat("\xff", 1<<20)), closes(1009)},
		{"10.4 a megabyte in fragments", inFragments(long(1<<20), 16<<10), closes(1009)},
		{"10.4 a binary megabyte", octets(long(1 << 20)), closes(1009)},
		{"10.4 only the header of 65,536 bytes", raw(0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4), closes(1009)},
		{"10.4 only the header of 2^63-1 bytes", join(raw(0x81, 0xff, 0x7f), times(7, raw(0xff)), raw(1, 2, 3, 4)), closes(1009)},
		{"10.4 2^63-1 bytes in a second fragment", join(first("a"), raw(0x80, 0xff, 0x7f), times(7, raw(0xff)), raw(1, 2, 3, 4)), closes(1009)},
		{"10.4 1,000 fragments", fragments(1000), says("az")},
		{"10.4 1,000 fragments, twice", times(2, fragments(1000)), says("az", "az")},
		{"10.4 1,001 fragments", fragments(1001), closes(1008)},
		{"10.4 empty fragments without an end", join(first(""), times(5000, middle(""))), closes(1008)},
		{"10.4 1,000 fragments and pings between", withPings(1000), outcome{said: []string{strings.Repeat("x", 999)}, pongs: slices.Repeat([]string{"p"}, 999)}},
		{"10.4 too many fragments after a message", join(text("hi"), fragments(1001)), outcome{said: []string{"hi"}, code: 1008}},
	}
}

// withPings returns a message in n fragments with a ping after each but the last.
func withPings(n int) []byte {
	b := first("x")
	for range n - 2 {
		b = append(append(b, ping("p")...), middle("x")...)
	}
	return append(append(b, ping("p")...), last("")...)
}
