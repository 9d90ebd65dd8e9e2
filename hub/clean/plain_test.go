package clean

import (
	"math/rand/v2"
	"testing"
)

// Plain finds the first byte that is not plain, at any position and before any other bytes.
func TestPlain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for c := range 256 {
		plain := c >= ' ' && c < 0x7f && c != '"' && c != '\\'
		for at := range 20 {
			b := make([]byte, at+1+rnd.IntN(20))
			for i := range b {
				b[i] = byte(rnd.IntN(256))
				if i < at {
					b[i] = "a ~!#[]^"[rnd.IntN(8)]
				}
			}
			b[at] = byte(c)
			got := Plain(b)
			if (got > at) != plain || !plain && got != at {
				t.Fatalf("Plain(%q) = %d, and byte %d is %q", b, got, at, rune(c))
			}
			if n := Plain(string(b)); n != got {
				t.Fatalf("Plain(%q) = %d and %d", b, got, n)
			}
		}
	}
}
