package wsgw

import (
	"slices"
	"testing"
)

func TestConformanceControl(t *testing.T) {
	t.Parallel()
	newTestServer(t, 4096).conform(t, controlRules())
}

// controlRules returns the rules of RFC 6455 sections 5.5, 5.5.2 and 5.5.3: pings and pongs.
func controlRules() []rule {
	numbers := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}
	var counted []byte
	for _, n := range numbers {
		counted = append(counted, ping(n)...)
	}
	return []rule{
		{"5.5 a ping of 125 bytes", ping(long(125)), pongs(long(125))},
		{"5.5 a ping of 126 bytes", ping(long(126)), closes(1002)},
		{"5.5 a ping of 126 bytes is refused after two bytes", raw(0x89, 0xfe), closes(1002)},
		{"5.5 a ping of 65,536 bytes", ping(long(65_536)), closes(1002)},
		{"5.5 a ping's 5 in 16 bits", raw(0x89, 0xfe, 0, 5, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'), closes(1002)},
		{"5.5 a ping's 5 in 64 bits", raw(0x89, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'), closes(1002)},
		{"5.5 a pong of 125 bytes", pong(long(125)), outcome{}},
		{"5.5 a pong of 126 bytes", pong(long(126)), closes(1002)},
		{"5.5 a pong of 126 bytes between fragments", join(first("a"), pong(long(126)), last("b")), closes(1002)},
		{"5.5 a pong of 65,536 bytes", pong(long(65_536)), closes(1002)},
		{"5.5 a pong's 5 in 16 bits", raw(0x8a, 0xfe, 0, 5, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'), closes(1002)},
		{"5.5 a ping in fragments", join(frame(0x09, "a"), last("b")), closes(1002)},
		{"5.5 an empty ping in fragments", frame(0x09, ""), closes(1002)},
		{"5.5 a pong in fragments", join(frame(0x0a, "a"), last("b")), closes(1002)},
		{"5.5 a ping in fragments between fragments", join(first("a"), frame(0x09, "p"), last("b")), closes(1002)},
		{"5.5 a message after an invalid ping", join(frame(0x09, "p"), text("hi")), closes(1002)},

		{"5.5.2 a ping", ping(""), pongs("")},
		{"5.5.2 a ping with a payload", ping("hello"), pongs("hello")},
		{"5.5.2 a ping with any bytes", ping("\x00\xff\xfe\xfd\xfc\xfb\x00\xff"), pongs("\x00\xff\xfe\xfd\xfc\xfb\x00\xff")},
		{"5.5.2 ten pings", counted, pongs(numbers...)},
		{"5.5.2 ten pings of 125 bytes", times(10, ping(long(125))), pongs(slices.Repeat([]string{long(125)}, 10)...)},
		{"5.5.2 a thousand pings", times(1000, ping("p")), pongs(slices.Repeat([]string{"p"}, 1000)...)},
		{"5.5.2 pings around a message", join(ping("1"), text("hi"), ping("2")), outcome{said: []string{"hi"}, pongs: []string{"1", "2"}}},
		{
			"5.5.2 pings and messages in turn", times(5, join(ping("p"), text("hi"))),
			outcome{said: slices.Repeat([]string{"hi"}, 5), pongs: slices.Repeat([]string{"p"}, 5)},
		},
		{"5.5.2 a ping before the close", join(ping("p"), clientClose(1000, "")), outcome{pongs: []string{"p"}, code: 1000}},
		{"5.5.2 a ping after the close", join(clientClose(1000, ""), ping("p")), closes(1000)},
		{"5.5.2 a ping before a protocol error", join(ping("p"), frame(0xf1, "")), outcome{pongs: []string{"p"}, code: 1002}},
		{"5.5.2 a ping in a message that does not end", join(first("a"), ping("p")), pongs("p")},
		{"5.5.2 the end within a ping", ping("hello")[:8], closes(lost)},

		{"5.5.3 an unsolicited pong", pong(""), outcome{}},
		{"5.5.3 an unsolicited pong with a payload", pong("hello"), outcome{}},
		{"5.5.3 a pong with any bytes", pong("\xff\x00"), outcome{}},
		{"5.5.3 a thousand pongs", times(1000, pong("p")), outcome{}},
		{"5.5.3 pongs around a ping", join(pong("1"), ping("2"), pong("3")), pongs("2")},
		{"5.5.3 pongs around a message", join(pong("1"), text("hi"), pong("")), says("hi")},
		{"5.5.3 pongs between fragments", join(first("a"), pong(""), middle("b"), pong("x"), last("c")), says("abc")},
		{"5.5.3 the end within a pong", pong("hello")[:8], closes(lost)},
	}
}
