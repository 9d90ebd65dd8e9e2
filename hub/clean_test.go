package hub

import (
	"strings"
	"testing"
	"unicode"
)

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"hello":                    "hello",
		"a\tb\nc":                  "a\tb\nc",
		"\x00\x1b\x07\r\x7f":       "�����",
		"a\u0080\u009fb":           "a��b",
		"\u00a0":                   "\u00a0",
		"\u2027\u2028\u202e\u202f": "\u2027��\u202f",
		"\u2065\u2066\u2069\u206a": "\u2065��\u206a",
		"\u200d\u200e\u200f\ufeff": "\u200d\u200e\u200f\ufeff",
		"👩🏽\u200d🚀 שלום e\u0301":   "👩🏽\u200d🚀 שלום e\u0301",
		"\ufffd":                   "\ufffd",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestCleanRunes goes over all characters, by the words of the protocol.
func TestCleanRunes(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		unsafe := unicode.IsControl(r) && r != '\t' && r != '\n' ||
			r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if unsafeRune(r) != unsafe {
			t.Errorf("%U: unsafe is %t", r, !unsafe)
		}
	}
}

// TestCleanCopies: what is clean, and that is nearly all, is not copied.
func TestCleanCopies(t *testing.T) {
	text := strings.Repeat("Grüße ", 100)
	if n := testing.AllocsPerRun(10, func() { _ = Clean(text) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, ".": true, " a ": true, "\u0301": true, "�": true, "ㅤa": true,
		"": false, " ": false, "\t\n\r\v\f": false, "\u00a0\u3000\u2003": false, "\u0085\u2028": false,
		"\x00\x07\x1b\x7f": false, "\u202e\u2066": false, "\u200b\u200d\ufeff\u00ad": false, "\u3164\u2800": false,
	} {
		if visible(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
