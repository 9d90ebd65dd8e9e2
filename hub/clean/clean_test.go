package clean

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

func TestText(t *testing.T) {
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
		if got := Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestUnsafeRune compares unsafeRune with the definition in docs/protocol.md for all characters.
func TestUnsafeRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		unsafe := unicode.IsControl(r) && r != '\t' && r != '\n' ||
			r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		if unsafeRune(r) != unsafe {
			t.Errorf("%U: unsafe is %t", r, !unsafe)
		}
	}
}

// TestTextBidi checks that a clean text has no character that opens or closes a bidirectional
// embedding, override or isolate, and no paragraph separator except LF. The direction marks
// U+200E, U+200F and U+061C open nothing and stay.
func TestTextBidi(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		p, size := bidi.LookupRune(r)
		if size == 0 || r == '\n' {
			continue
		}
		switch p.Class() {
		case bidi.LRE, bidi.RLE, bidi.LRO, bidi.RLO, bidi.PDF, bidi.LRI, bidi.RLI, bidi.FSI, bidi.PDI, bidi.B:
			if Text(string(r)) != "\ufffd" {
				t.Errorf("%U is not replaced", r)
			}
		}
	}
	for _, mark := range []string{"\u200e", "\u200f", "\u061c"} {
		if got := Text("a" + mark + "b"); got != "a"+mark+"b" {
			t.Errorf("%q", got)
		}
	}
}

// TestTextAllocs checks that a clean text is not copied.
func TestTextAllocs(t *testing.T) {
	for _, text := range []string{strings.Repeat("Grüße ", 100), strings.Repeat("ก็", 100), strings.Repeat(family, 100)} {
		if n := testing.AllocsPerRun(10, func() { _ = Text(text) }); n != 0 {
			t.Errorf("%.10q: %v allocations", text, n)
		}
	}
}

const family = "👩\u200d👩\u200d👧\u200d👦"

// TestTextKeeps checks that ordinary text in many scripts is not changed.
func TestTextKeeps(t *testing.T) {
	for _, text := range []string{
		family, "🏳\ufe0f\u200d🌈", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🇨🇭🇺🇳",
		"1\ufe0f\u20e3", "✊🏿", "e\u0301", "é", "ก็", "ที่นี่", "בְּרֵאשִׁ֖ית בָּרָ֣א", "हिन्दी क्ष्म्यां ज़िंदगी", "ညွှိုး", "བསྒྲུབས",
		"مُحَمَّدٌ", "Tiếng Việt", "a\u034f\u0301", "葛\U000e0100", "ᠮᠣᠩᠭᠣᠯ\u180b", "\u0301\u0302 alone",
		"a" + strings.Repeat("\u0301", 8), strings.Repeat("a"+strings.Repeat("\u0301", 8), 9),
		strings.Repeat("e\u0301\u200d", 20), strings.Repeat("\u0301", 8) + "\n" + strings.Repeat("\u0301", 8),
	} {
		if got := Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

// TestTextMarks checks that the ninth mark after a character and those after it are removed,
// and that an invisible character between them does not restart the count.
func TestTextMarks(t *testing.T) {
	eight := strings.Repeat("\u0301", 8)
	for text, want := range map[string]string{
		"a" + eight + "\u0301":                               "a" + eight,
		"a" + eight + "\u0301b\u0301":                        "a" + eight + "b\u0301",
		"a" + strings.Repeat("\u0489", 4000) + "b":           "a" + strings.Repeat("\u0489", 8) + "b",
		eight + "\u0302":                                     eight,
		"a" + eight + "\u200d" + eight + "b":                 "a" + eight + "\u200db",
		"a" + eight + "\u200b\u2060\ufeff\u00ad\u0301":       "a" + eight + "\u200b\u2060\ufeff\u00ad",
		"a" + eight + "\ufe0f\u20e3":                         "a" + eight,
		"a" + eight + "\u202e" + eight + "\u0301":            "a" + eight + "\ufffd" + eight,
		"a" + eight + "\x07" + eight + "\u0301":              "a" + eight + "\ufffd" + eight,
		"\x07a" + eight + "\u0301":                           "\ufffda" + eight,
		"a" + eight + "\u0301\x07":                           "a" + eight + "\ufffd",
		"ก" + strings.Repeat("็", 50):                        "ก" + strings.Repeat("็", 8),
		"a" + eight + "\u200d\u0301\x1b":                     "a" + eight + "\u200d\ufffd",
		"a" + eight + "\u0301\u200d\u0301\u200db":            "a" + eight + "\u200d\u200db",
		"a" + strings.Repeat("\u0301", 5) + "\x07\u0301":     "a" + strings.Repeat("\u0301", 5) + "\ufffd\u0301",
		"a" + eight + "\u0903" + eight + "\u0302":            "a" + eight + "\u0903" + eight, // a spacing mark
		strings.Repeat("x", 100) + eight + eight + "\u2028x": strings.Repeat("x", 100) + eight + "\ufffdx",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestHasWidth checks that no character of hasWidth is in the tables.
func TestHasWidth(t *testing.T) {
	for r := range unicode.MaxRune + 1 {
		if hasWidth(r) && unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
			t.Errorf("%U has no width", r)
		}
	}
}

// TestQuote checks that a quoted string shows every character.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"bob":                                   "bob",
		"bob\x1b[0m":                            "bob�[0m",
		"a\nb\a":                                "a b�",
		strings.Repeat("é", 17):                 strings.Repeat("é", 16) + "…",
		"\x1b[" + strings.Repeat("1", 31) + "m": "�[" + strings.Repeat("1", 30) + "…",
	} {
		if got := Quote(text, 32); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
