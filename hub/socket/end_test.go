package socket

import "bytes"

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
