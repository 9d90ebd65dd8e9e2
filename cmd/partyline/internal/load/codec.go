//go:build linux

package load

import (
	"bytes"
	"encoding/binary"

	"partyline/wsgw"
)

// A codec is a transport and a format. Members with equal codecs receive equal bytes.
type codec struct {
	ws     bool // WebSocket, not TCP
	format Format
}

// A splitter splits the bytes of a connection into lines or frames. A line or a frame may
// span any number of reads.
type splitter struct {
	ws    bool   // frames, not lines
	carry []byte // the start of a line or frame that is not complete
}

// next returns the content of the next line or frame, which starts in earlier bytes or in
// b, and how many bytes of b belong to it. If it is not complete, ok is false and next keeps
// all of b. The content is valid until the next call.
func (s *splitter) next(b []byte) (content []byte, n int, ok bool) {
	if s.ws {
		return s.nextFrame(b)
	}
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		s.carry = append(s.carry, b...)
		return nil, len(b), false
	}
	if len(s.carry) == 0 {
		return b[:i], i + 1, true
	}
	content = append(s.carry, b[:i]...)
	s.carry = content[:0]
	return content, i + 1, true
}

func (s *splitter) nextFrame(b []byte) (payload []byte, n int, ok bool) {
	if len(s.carry) == 0 {
		if header, length := frameSize(b); header > 0 && header+length <= len(b) {
			return b[header : header+length], header + length, true
		}
		s.carry = append(s.carry, b...)
		return nil, len(b), false
	}
	for {
		header, length := frameSize(s.carry)
		missing := 1 // of the header
		if header > 0 {
			missing = header + length - len(s.carry)
		}
		if missing == 0 {
			payload = s.carry[header:]
			s.carry = s.carry[:0]
			return payload, n, true
		}
		if n == len(b) {
			return nil, n, false
		}
		k := min(missing, len(b)-n)
		s.carry = append(s.carry, b[n:n+k]...)
		n += k
	}
}

// frameSize returns the length of the header and of the payload of a server's frame, which
// has no mask (RFC 6455 section 5.2). Both are 0 if b does not hold the whole header.
func frameSize(b []byte) (header, length int) {
	h, ok := wsgw.ParseFrameHeader(b)
	if !ok {
		return 0, 0
	}
	return h.Size, int(h.Length & (1<<31 - 1))
}

// First bytes of frames: the FIN bit and the opcode.
const (
	finText = 0x81
	finPong = 0x8a
)

// appendFrame appends a client's frame with at most 65,535 bytes of payload. Its mask
// consists of zeros, which leave the payload unchanged.
func appendFrame(dst []byte, first byte, payload []byte) []byte {
	dst = append(dst, first)
	if n := len(payload); n < 126 {
		dst = append(dst, 0x80|byte(n))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}
