package socket

import "bytes"

// EndOfLine is the End of lines.
func EndOfLine(frames []byte, n int) int {
	if i := bytes.IndexByte(frames[n-1:], '\n'); i >= 0 {
		return n + i
	}
	return len(frames)
}
