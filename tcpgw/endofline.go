package tcpgw

import (
	"bytes"

	"partyline/hub/socket"
)

var _ socket.End = endOfLine

// endOfLine returns the end of the line that contains the byte before n: the offset after its
// LF, or the length of frames if that line has no LF.
func endOfLine(frames []byte, n int) int {
	if i := bytes.IndexByte(frames[n-1:], '\n'); i >= 0 {
		return n + i
	}
	return len(frames)
}
