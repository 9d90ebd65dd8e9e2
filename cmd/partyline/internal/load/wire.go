//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
)

// A wire is a transport and a format: what two members hear on equal wires is equal to
// the byte.
type wire struct {
	ws     bool
	format Format
}

// A splitter parts what comes over a transport into lines or frames, wherever the reads
// part it.
type splitter struct {
	ws    bool
	carry []byte // of what is not whole yet
}

// next returns the content of the next line or frame, which starts in earlier bytes or in
// b, and how many bytes of b belong to it. Where it is not whole, ok is false and all of
// b is kept. The frame is the caller's until the next call.
func (s *splitter) next(b []byte) (frame []byte, n int, ok bool) {
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
	frame = append(s.carry, b[:i]...)
	s.carry = frame[:0]
	return frame, i + 1, true
}

func (s *splitter) nextFrame(b []byte) (frame []byte, n int, ok bool) {
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
			frame = s.carry[header:]
			s.carry = s.carry[:0]
			return frame, n, true
		}
		if n == len(b) {
			return nil, n, false
		}
		k := min(missing, len(b)-n)
		s.carry = append(s.carry, b[n:n+k]...)
		n += k
	}
}

// frameSize returns the sizes of a server's frame (RFC 6455 section 5.2), or zeros where
// its header is not whole.
func frameSize(b []byte) (header, length int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch n := int(b[1] & 0x7f); {
	case n < 126:
		return 2, n
	case n == 126 && len(b) >= 4:
		return 4, int(binary.BigEndian.Uint16(b[2:]))
	case n == 127 && len(b) >= 10:
		return 10, int(binary.BigEndian.Uint64(b[2:]) & (1<<31 - 1))
	}
	return 0, 0
}

// Opcodes of frames that a client sends, with the FIN bit.
const (
	finText = 0x81
	finPong = 0x8a
)

// appendFrame appends a client's frame: masked, as a client's must be, with a mask of
// zeros, which leaves the payload as it is.
func appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, op)
	if n := len(payload); n < 126 {
		dst = append(dst, 0x80|byte(n))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	}
	dst = append(dst, 0, 0, 0, 0)
	return append(dst, payload...)
}
