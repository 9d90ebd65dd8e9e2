package names

import (
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestScriptOf(t *testing.T) {
	for r, want := range map[rune]string{
		'a': "Latin", 'é': "Latin", 'ｶ': "Katakana", 'か': "Hiragana", 'ー': "Common", '々': "Han", '-': "Common",
		'7': "Common", '\u0301': "Inherited", 'я': "Cyrillic", 'م': "Arabic", '٣': "Arabic", '१': "Devanagari",
		'𐌀': "Old_Italic", '\U000e01f0': "",
	} {
		for _, likely := range [][]string{nil, {"Greek", "Han"}, {"Cyrillic"}} {
			if got := scriptOf(r, likely); got != want {
				t.Errorf("the script of %q is %s, want %s", r, got, want)
			}
		}
	}
}

// TestZeroOf checks that each zero is that of exactly ten digits.
func TestZeroOf(t *testing.T) {
	tens := make(map[rune]int)
	for r := range unicode.MaxRune + 1 {
		if !unicode.IsDigit(r) {
			continue
		}
		zero := zeroOf(r)
		tens[zero]++
		value := norm.NFKC.String(string(r)) // maps full-width and mathematical digits to ASCII
		if len(value) == 1 && rune(value[0])-'0' != r-zero {
			t.Errorf("%q is %s, and its zero %q", r, value, zero)
		}
	}
	for zero, n := range tens {
		if n != 10 {
			t.Errorf("%q is the zero of %d digits", zero, n)
		}
	}
	if len(tens) < 60 || zeroOf('7') != '0' || zeroOf('٧') != '٠' || zeroOf('\U0001e959') != '\U0001e950' {
		t.Errorf("%d sets of digits", len(tens))
	}
}
