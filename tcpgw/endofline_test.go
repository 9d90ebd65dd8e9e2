package tcpgw

import (
	"bytes"
	"testing"
)

// TestEndOfLine asks for the end of each line from each of its bytes.
func TestEndOfLine(t *testing.T) {
	var lines [][]byte
	for _, n := range []int{1, 2, 1, 1, 300} {
		lines = append(lines, append(bytes.Repeat([]byte{'x'}, n-1), '\n'))
	}
	all := bytes.Join(lines, nil)
	start := 0
	for i, line := range lines {
		want := start + len(line)
		for n := start + 1; n <= want; n++ {
			if got := endOfLine(all, n); got != want {
				t.Fatalf("line %d from %d to %d: it ends at %d from its byte %d", i, start, want, got, n-1)
			}
		}
		start = want
	}
}

// TestEndOfPart asks for the end of a line that is not complete.
func TestEndOfPart(t *testing.T) {
	for _, n := range []int{1, 3, 10} {
		if got := endOfLine(bytes.Repeat([]byte{'x'}, n), 1); got != n {
			t.Errorf("a part of %d bytes ends at %d", n, got)
		}
	}
}
