package socket

import (
	"strings"
	"testing"
)

func TestBlankLines(t *testing.T) {
	for in, want := range map[string]int{
		"":                                   0,
		"a":                                  0,
		"\n":                                 1,
		"\r\n":                               2,
		"\n\n\n":                             3,
		"\n\na\n\n":                          2,
		" \t\r\n \n":                         6,
		"\n  ":                               1, // incomplete
		"\n  a\n":                            1,
		"\r\n\ufeff\n":                       2,
		"\xff\n":                             0,
		strings.Repeat(" ", maxBlank) + "\n": maxBlank + 1,
		"\n" + strings.Repeat(" ", maxBlank+1) + "\n": 1, // too long
		strings.Repeat("\n", 100):                     100,
	} {
		if got := BlankLines([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func BenchmarkBlankLines(b *testing.B) {
	in := []byte(strings.Repeat("\n", largeRead))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		BlankLines(in)
	}
}
