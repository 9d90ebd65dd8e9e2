package clean

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"partyline/hub/hubtest/fuzztest"
)

func FuzzText(f *testing.F) {
	for _, s := range append(fuzztest.Lines,
		family, "e\u0301", "ก็", "a"+strings.Repeat("\u0301\u200d", 9)+"\x07\u0489",
		strings.Repeat("\u20dd", 12), "\ufe0f\u20e3\U000e0067\U000e0100",
		"\x1b[32mPASS\x1b[39m", "\x1b(B\x1b[m", "\x1b]8;;x\x1b\\y\x1b]\a", "\x1bPq\x1b\x1b[0m[0m\x1b\\", "\x1b\x1b[1\nm\x1b[?1;2 qx",
		"a"+strings.Repeat("\u0301\x1b[m", 9), "\x1b]a\u009c\x1b_\t\x1b\\\x1bX\u2028",
	) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if strings.ContainsFunc(got, unsafeRune) || Text(got) != got {
			t.Fatalf("%q became %q", s, got)
		}
		if !utf8.ValidString(s) {
			return
		}
		checkClean(t, got)
		first, rest, several := strings.Cut(s, "\n")
		if several && got != Text(first)+"\n"+Text(rest) {
			t.Fatalf("%q became %q, but its lines %q and %q", s, got, Text(first), Text(rest))
		}
		// Each character outside of escape sequences is kept or replaced by U+FFFD. Only marks
		// may be removed, and only if there are more than eight on a character.
		plain := completeSequence.ReplaceAllString(s, "")
		if Visible(s) != Visible(plain) && !strings.Contains(plain, "\x1b") {
			t.Fatalf("%q: visible is %t", s, Visible(s))
		}
		left, few := []rune(got), fuzztest.MostMarks(plain) <= 8
		for _, r := range plain {
			switch {
			case len(left) > 0 && (left[0] == r || left[0] == unicode.ReplacementChar && unsafeRune(r)):
				left = left[1:]
			case !fuzztest.IsMark(r) || few:
				t.Fatalf("%q became %q: no %q", s, got, r)
			}
		}
		if len(left) > 0 {
			t.Fatalf("%q became %q: it has more", s, got)
		}
	})
}

func checkClean(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unsafeRune) || fuzztest.MostMarks(s) > 8 {
		t.Fatalf("%q is not clean", s)
	}
}
