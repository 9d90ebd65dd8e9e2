package clean

import "testing"

func TestVisible(t *testing.T) {
	for text, want := range map[string]bool{
		"a": true, ".": true, " a ": true, "\u0301": true, "�": true, "ㅤa": true,
		"": false, " ": false, "\t\n\r\v\f": false, "\u00a0\u3000\u2003": false, "\u0085\u2028": false,
		"\x00\x07\x1b\x7f": false, "\u202e\u2066": false, "\u200b\u200d\ufeff\u00ad": false, "\u3164\u2800": false,
		"\u200b": false, "\u200f": false, "\u2010": true, "\u2060": false, "\u2064": false,
		"\x1b[32m\x1b[39m": false, "\x1b]0;title\a": false, "\x1b[32m \x1b(B": false, "\x1b[32m.": true, "\x1b[32": true,
		"\x1b\x1b[m": false, "\u115f\u1160\uffa0": false, "\u061c\u180e\u206a\u2065": false, "\ufe0e\ufe0f\U000e0100\u180b": false,
		"\U000e0001\U000e0020\U000e007f": false, "\U0001bca0\U0001d173": false, // tags, and format characters of shorthand and music
		"\u0600\u06dd\u070f\u08e2": true, "\ufff9": true, "\U00013430": true, "\ue000": true, "\ufffe": true,
	} {
		if Visible(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
