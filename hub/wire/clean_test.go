package wire

import "testing"

// TestClean checks what is left of texts and lines that are not clean.
func TestClean(t *testing.T) {
	for _, test := range []struct{ s, text, line string }{
		{"Grüße, 世界", "Grüße, 世界", "Grüße, 世界"},
		{"a\tb\nc", "a\tb\nc", "a b c"},
		{"\x1b[2Ja\x1b]0;title\ab", "ab", "ab"},
		{"a\r\x00\x7f\u009b\u202eb", "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDb", "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDb"},
		{"caf\xe9", "caf\uFFFD", "caf\uFFFD"},
		{"\xc2\x1b[2Ja", "\uFFFDa", "\uFFFDa"},
		{"", "", ""},
	} {
		if got := CleanText(test.s); got != test.text {
			t.Errorf("CleanText(%q) is %q, want %q", test.s, got, test.text)
		}
		if got := CleanLine(test.s); got != test.line {
			t.Errorf("CleanLine(%q) is %q, want %q", test.s, got, test.line)
		}
	}
}
