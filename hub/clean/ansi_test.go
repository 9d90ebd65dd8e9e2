package clean

import (
	"regexp"
	"strings"
	"testing"

	"partyline/hub/hubtest/fuzztest"
)

// TestStripANSI covers each form of ECMA-48 and ECMA-35, complete and incomplete.
func TestStripANSI(t *testing.T) {
	for text, want := range fuzztest.Escapes {
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
