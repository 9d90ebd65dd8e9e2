package tcpgw

import (
	"testing"
	"unicode/utf16"
)

func TestIsUTF16(t *testing.T) {
	for b, want := range map[string]bool{
		"":                 false,
		"h":                false,
		"\xef\xbb\xbf":     false,
		"\xfe":             false,
		"\xfe\xff":         true,
		"\xfe\xfe":         false,
		"\xff":             false,
		"\xff\xfd":         false,
		"\xff\xfe":         false,
		"\xff\xfeh":        true,
		"\xff\xfe\n":       false,
		"\xff\xfe\n\x00":   true,
		"\xff\xfe\x01h":    false, // a telnet command and an h
		"\xff\xfe1":        false,
		"\xff\xfe1\x00":    true,
		"\xff\xfe\xff":     false,
		"\xff\xfe\xff\x00": true,
		"\xff\xfe\xff\xfe": false,
	} {
		if yes := isUTF16([]byte(b)); yes != want {
			t.Errorf("%q: %v, want %v", b, yes, want)
		}
	}
	// Streams that start with a telnet client's refusal of an option.
	for option := range byte(50) {
		for _, next := range "ab \r\n\xff" {
			if isUTF16([]byte{iac, dont, option, byte(next)}) {
				t.Errorf("IAC DONT %d is taken for UTF-16", option)
			}
		}
	}
	for _, text := range []string{"hello", "Ü", "1", "\r\n", "\t", "{}", "\U0001f600"} {
		for _, first := range [][2]byte{{0xff, 0xfe}, {0xfe, 0xff}} {
			b := first[:]
			for _, u := range utf16.Encode([]rune(text)) {
				if first[0] == 0xff {
					b = append(b, byte(u), byte(u>>8))
				} else {
					b = append(b, byte(u>>8), byte(u))
				}
			}
			if !isUTF16(b) {
				t.Errorf("%q as % x is not recognized", text, b)
			}
		}
	}
}
