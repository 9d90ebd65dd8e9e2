package tcpgw

import (
	"testing"
	"unicode/utf16"
)

func TestIsUTF16(t *testing.T) {
	for b, want := range map[string]struct{ yes, decided bool }{
		"":                 {false, false},
		"h":                {false, true},
		"\xef\xbb\xbf":     {false, true},
		"\xfe":             {false, false},
		"\xfe\xff":         {true, true},
		"\xfe\xfe":         {false, true},
		"\xff":             {false, false},
		"\xff\xfd":         {false, true},
		"\xff\xfe":         {false, false},
		"\xff\xfeh":        {true, true},
		"\xff\xfe\n":       {false, false},
		"\xff\xfe\n\x00":   {true, true},
		"\xff\xfe\x01h":    {false, true}, // telnet, and an h
		"\xff\xfe1":        {false, false},
		"\xff\xfe1\x00":    {true, true},
		"\xff\xfe\xff":     {false, false},
		"\xff\xfe\xff\x00": {true, true},
		"\xff\xfe\xff\xfe": {false, true},
	} {
		if yes, decided := isUTF16([]byte(b)); yes != want.yes || decided != want.decided {
			t.Errorf("%q: %v, %v; want %v, %v", b, yes, decided, want.yes, want.decided)
		}
	}
	// A stream that begins with a refusal of an option, as telnet clients know them.
	for option := range byte(50) {
		for _, next := range "ab \r\n\xff" {
			if yes, _ := isUTF16([]byte{iac, dont, option, byte(next)}); yes {
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
			if yes, decided := isUTF16(b); !yes || !decided {
				t.Errorf("%q as % x: %v, %v", text, b, yes, decided)
			}
		}
	}
}
