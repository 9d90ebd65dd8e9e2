package wsgw

import "encoding/binary"

// First bytes of unfragmented frames: the FIN bit and the opcode.
const (
	finText  = 0x81
	finClose = 0x88
	finPing  = 0x89
	finPong  = 0x8a
)

const (
	// maskLen is the length of the masking key, which follows the header of a client's frame.
	maskLen = 4
	// maxControl bounds the payload of a control frame in bytes (RFC 6455 section 5.5).
	maxControl = 125
)

// A FrameHeader is the header of a frame without its masking key (RFC 6455 section 5.2).
type FrameHeader struct {
	First  byte   // the FIN bit, the reserved bits and the opcode
	Masked bool   // a masking key of 4 bytes follows the header
	Size   int    // bytes in the header: 2, 4 or 10
	Length uint64 // bytes in the payload
}

// ParseFrameHeader parses the header at the start of b. If b does not hold the whole header, it
// returns false, and Size is the length that b must have to continue: 2, or that of the whole
// header. First and Masked are valid if b has at least two bytes.
func ParseFrameHeader(b []byte) (h FrameHeader, ok bool) {
	if len(b) < 2 {
		return FrameHeader{Size: 2}, false
	}
	h = FrameHeader{First: b[0], Masked: b[1]&0x80 != 0, Size: 2, Length: uint64(b[1] & 0x7f)}
	if h.Length <= 125 {
		return h, true
	}
	h.Size = 4
	if h.Length == 127 {
		h.Size = 10
	}
	h.Length = 0
	switch {
	case len(b) < h.Size:
		return h, false
	case h.Size == 4:
		h.Length = uint64(binary.BigEndian.Uint16(b[2:]))
	default:
		h.Length = binary.BigEndian.Uint64(b[2:])
	}
	return h, true
}

// fin reports whether the frame is the last of a message.
func (h FrameHeader) fin() bool { return h.First&0x80 != 0 }

// Opcode returns the opcode of the frame.
func (h FrameHeader) Opcode() byte { return h.First & 0x0f }

// hasShortestLength reports whether the length is valid and in its shortest form.
func (h FrameHeader) hasShortestLength() bool {
	switch h.Size {
	case 4:
		return h.Length > maxControl
	case 10:
		return h.Length > 0xffff && h.Length>>63 == 0
	}
	return true
}

// isControl reports whether a frame with the given first byte is a control frame (RFC 6455
// section 5.5).
func isControl(first byte) bool { return first&0x08 != 0 }

// endOfFrame is the [socket.End] of a server's frames, which have no mask.
func endOfFrame(frames []byte, n int) int {
	end := 0
	for end < n {
		h, ok := ParseFrameHeader(frames[end:])
		if !ok {
			return len(frames)
		}
		end += h.Size + int(h.Length)
	}
	return min(end, len(frames))
}

// wholeFrame returns the length of a client's frame at the start of b. It returns 0 if the
// frame's first byte is not first, if b does not hold the whole frame, or if the payload has
// 64 KiB or more.
func wholeFrame(b []byte, first byte) int {
	if len(b) == 0 || b[0] != first {
		return 0
	}
	h, ok := ParseFrameHeader(b)
	if !ok || !h.Masked || h.Length > 0xffff {
		return 0
	}
	n := h.Size + maskLen + int(h.Length)
	if n > len(b) {
		return 0
	}
	return n
}

// unmask unmasks a payload in place and returns it. b starts with the masking key.
func unmask(b []byte) []byte {
	mask, payload := b[:maskLen], b[maskLen:]
	for i := range payload {
		payload[i] ^= mask[i%maskLen]
	}
	return payload
}
