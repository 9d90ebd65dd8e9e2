package socket

import (
	"bytes"
	"encoding/binary"
)

// End returns where the frame ends that holds the byte before n. The frames begin at 0.
type End func(frames []byte, n int) int

// EndOfLine is the End of lines.
func EndOfLine(frames []byte, n int) int {
	if i := bytes.IndexByte(frames[n-1:], '\n'); i >= 0 {
		return n + i
	}
	return len(frames)
}

// EndOfFrame is the End of WebSocket frames as a server sends them, without a mask (RFC
// 6455 section 5.2).
func EndOfFrame(frames []byte, n int) int {
	end := 0
	for end < n {
		end += frameLen(frames[end:])
	}
	return min(end, len(frames))
}

func frameLen(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch n := int(b[1] & 0x7f); {
	case n == 126 && len(b) >= 4:
		return 4 + int(binary.BigEndian.Uint16(b[2:]))
	case n == 127 && len(b) >= 10:
		return 10 + int(binary.BigEndian.Uint64(b[2:]))
	default:
		return 2 + n
	}
}
