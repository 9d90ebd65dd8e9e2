package clean

import (
	"regexp"
	"strings"
	"testing"
)

// TestStripANSI covers each form of ECMA-48 and ECMA-35, complete and incomplete.
func TestStripANSI(t *testing.T) {
	for text, want := range map[string]string{
		// control sequences
		"\x1b[32mPASS\x1b[39m":              "PASS",
		"\x1b[mx":                           "x",
		"\x1b[2J\x1b[H\x1b[?25lx":           "x",
		"\x1b[38;5;208mx\x1b[38:2::1:2:3my": "xy",
		"\x1b[0 qx":                         "x",
		"\x1b[!px":                          "x",
		"\x1b[?1;2$}x":                      "x",
		"\x1b[200~x\x1b[201~":               "x",
		"\x1b[@x\x1b[~y":                    "xy",
		"\x1b[[Ax":                          "Ax",
		"\x1b[":                             "\x1b[",
		"\x1b[1;":                           "\x1b[1;",
		"\x1b[1 ":                           "\x1b[1 ",
		"\x1b[ 1m":                          "\x1b[ 1m", // a parameter after an intermediate
		"\x1b[1\nm":                         "\x1b[1\nm",
		"\x1b[1\tm":                         "\x1b[1\tm",
		"\x1b[1\x7f":                        "\x1b[1\x7f",
		"\x1b[é":                            "\x1b[é",
		"\x1b[" + strings.Repeat("1;", 999): "\x1b[" + strings.Repeat("1;", 999),
		"\x1b[" + strings.Repeat("1;", 999) + "mx": "x",

		// strings
		"\x1b]0;title\ax":     "x",
		"\x1b]0;title\x1b\\x": "x",
		"\x1b]8;;http://a.example/\x1b\\link\x1b]8;;\x1b\\": "link",
		"\x1b]0;a\tb é 世界 👩\u200d🚀\ax":                      "x",
		"\x1b]\ax\x1b]\x1b\\y":                              "xy",
		"\x1bP1$r0m\x1b\\x":                                 "x",
		"\x1bXany\x1b\\x\x1b^thing\x1b\\y\x1b_goes\x1b\\z":  "xyz",
		"\x1bPa\ab\x1b\\":                                   "\x1bPa\ab",
		"\x1b]0;title":                                      "\x1b]0;title",
		"\x1b]0;title\x1b":                                  "\x1b]0;title\x1b",
		"\x1b]0;ti\ntle\a":                                  "\x1b]0;ti\ntle\a",
		"\x1b]0;ti\rtle\a":                                  "\x1b]0;ti\rtle\a",
		"\x1b]0;ti\u009ctle\x1b\\":                          "\x1b]0;ti\u009ctle",
		"\x1b]0;ti\x1b[1mtle\ax":                            "\x1b]0;title\ax",
		"\x1b]0;ti\x1b]0;tle\ax":                            "\x1b]0;tix",
		"\x1bPtmux;\x1b\x1b]52;c;eA==\a\x1b\\x":             "\x1bPtmux;\x1bx",
		strings.Repeat("\x1b]x", 999):                       strings.Repeat("\x1b]x", 999),

		// other forms
		"\x1b(Bx":                "x",
		"\x1b(B\x1b[mx":          "x", // tput sgr0
		"\x1b#8x\x1b%Gy":         "xy",
		"\x1b $(0x":              "x",
		"\x1b7x\x1b8\x1b=\x1bcy": "xy",
		"\x1bMx\x1b\\y":          "xy",
		"\x1b0x\x1b~y":           "xy",
		"\x1b(":                  "\x1b(",
		"\x1b(é":                 "\x1b(é",
		"\x1b(\n0":               "\x1b(\n0",

		// no complete sequence
		"":                "",
		"PASS [32m":       "PASS [32m",
		"x\x1b":           "x\x1b",
		"\x1b\x1b[1mx":    "\x1bx",
		"\x1b\x1b[0m[1mx": "\x1b[1mx",
		"\x1b\nc":         "\x1b\nc",
		"\x1b\x7f":        "\x1b\x7f",
		"\x1bé":           "\x1bé",
		"\u009b1mx":       "\u009b1mx",
	} {
		if got := stripANSI(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if got := completeSequence.ReplaceAllString(text, ""); got != want {
			t.Errorf("%q: the regular expression returns %q, want %q", text, got, want)
		}
	}
}

// completeSequence matches what stripANSI removes.
var completeSequence = regexp.MustCompile(`\x1b(?:` +
	`\[[0-?]*[ -/]*[@-~]` +
	`|\][\t -~\x{a0}-\x{10ffff}]*(?:\x07|\x1b\\)` +
	`|[PX^_][\t -~\x{a0}-\x{10ffff}]*\x1b\\` +
	`|[ -/]+[0-~]` +
	`|[0-OQ-WYZ\\` + "`" + `-~])`)

// TestTextANSI checks that the other rules apply after escape sequences are removed.
func TestTextANSI(t *testing.T) {
	eight := strings.Repeat("\u0301", 8)
	for text, want := range map[string]string{
		"\x1b[32mPASS\x1b[39m\a":             "PASS�",
		"\x1b[1":                             "�[1",
		"\x1b\x1b[0m[1mx":                    "�[1mx",
		"\x1b[1\nm":                          "�[1\nm",
		"\x1b]0;a\u202eb\ax":                 "x",
		"a" + eight + "\x1b[0m" + eight:      "a" + eight,
		"a" + eight + "\x1b[0\u0301" + eight: "a" + eight + "�[0" + eight,
		"\u202e\x1b[0m":                      "�",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
