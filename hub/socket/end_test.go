package socket

import (
	"bytes"
	"testing"
)

// needRawIO skips a test of what only systems with rawIO can do.
func needRawIO(t *testing.T) {
	t.Helper()
	if !rawIO {
		t.Skip("there is no rawIO")
	}
}

// endOfLine is the End of the lines that the tests write.
func endOfLine(frames []byte, n int) int {
	if i := bytes.IndexByte(frames[n-1:], '\n'); i >= 0 {
		return n + i
	}
	return len(frames)
}

// line returns a line of n bytes.
func line(n int) []byte {
	return append(bytes.Repeat([]byte{'x'}, n-1), '\n')
}
