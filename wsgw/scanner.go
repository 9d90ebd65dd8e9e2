package wsgw

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

const (
	// MaxFragments bounds the frames of one message, since each costs more than it
	// carries; a Gateway's default.
	MaxFragments = 1000
	// maxControl bounds the payload of a control frame (RFC 6455 section 5.5).
	maxControl = 125
)

// scanner follows the frames in the bytes that a client sends. It ends at whatever breaks a
// rule of RFC 6455 section 5, and at the client's Close: the library, which is laxer, sees
// neither. Of payloads it keeps those of control frames alone.
type scanner struct {
	most      int      // frames that a message may have, and control frames between them
	header    [10]byte // of the current frame, without its mask
	have      int      // bytes of header
	left      uint64   // bytes of mask and payload still to come
	fragments int      // of the current message until now; 0 between messages
	controls  int      // control frames between these fragments
	control   []byte   // mask and payload of a control frame until now
}

// next goes on with b, to the end of the current frame at most. It returns how many bytes
// of b may be believed, whether the frame ended with them, and why nothing more may: a
// violation, or the client's farewell.
func (s *scanner) next(b []byte) (n int, whole bool, end error) {
	if s.left == 0 {
		s.control = s.control[:0]
		if n, end = s.begin(b); end != nil {
			return 0, false, end
		}
	}
	k := int(min(s.left, uint64(len(b)-n)))
	s.left -= uint64(k)
	whole = k > 0 && s.left == 0
	if s.inControl() {
		s.control = append(s.control, b[n:n+k]...)
		if whole && s.header[0] == finClose {
			return 0, false, readParting(s.control)
		}
	}
	return n + k, whole, nil
}

// inControl reports whether what next took last is of a control frame.
func (s *scanner) inControl() bool { return isControl(s.header[0]) }

// isControl reports whether a frame with that first byte is a control frame (RFC 6455
// section 5.5).
func isControl(first byte) bool { return first&0x08 != 0 }

// between reports that no frame has begun.
func (s *scanner) between() bool { return s.left == 0 && s.have == 0 }

// begin goes on with a header, and to what follows it once it is whole.
func (s *scanner) begin(b []byte) (n int, bad error) {
	if s.have < 2 {
		if s.have == 0 && len(b) >= 2 {
			s.header[0], s.header[1] = b[0], b[1]
			n = 2
		} else {
			n = copy(s.header[s.have:2], b)
		}
		if s.have += n; s.have < 2 {
			return n, nil
		}
		if bad := s.checkStart(); bad != nil {
			return 0, bad
		}
	}
	size := 4
	switch short := s.header[1] & 0x7f; short {
	case 126:
	case 127:
		size = 10
	default:
		s.have, s.left = 0, 4+uint64(short)
		return n, nil
	}
	k := copy(s.header[s.have:size], b[n:])
	if s.have += k; s.have < size {
		return n + k, nil
	}
	s.have = 0
	return n + k, s.checkLength()
}

// checkStart looks at a header's first two bytes, which tell all but a long length.
func (s *scanner) checkStart() error {
	first, second := s.header[0], s.header[1]
	switch {
	case first&0x70 != 0:
		return broken("a reserved bit")
	case second&0x80 == 0:
		return broken("a frame without a mask")
	}
	fin := first&0x80 != 0
	switch first & 0x0f {
	case websocket.CloseMessage, websocket.PingMessage, websocket.PongMessage:
		switch {
		case !fin:
			return broken("a control frame in fragments")
		case second&0x7f > maxControl:
			return broken("a control frame that is too long")
		case s.fragments > 0: // a continuation may come
			if s.controls++; s.controls > s.most {
				return &violation{websocket.ClosePolicyViolation, "too many control frames in a message"}
			}
		}
		return nil
	case websocket.TextMessage, websocket.BinaryMessage:
		if s.fragments > 0 {
			return broken("a message between the fragments of another")
		}
	case 0:
		if s.fragments == 0 {
			return broken("a fragment of no message")
		}
	default:
		return broken("a reserved opcode")
	}
	switch {
	case s.fragments == s.most:
		return &violation{websocket.ClosePolicyViolation, "too many fragments"}
	case fin:
		s.fragments, s.controls = 0, 0
	default:
		s.fragments++
	}
	return nil
}

// checkLength looks at a whole header's long length.
func (s *scanner) checkLength() error {
	length, least := uint64(binary.BigEndian.Uint16(s.header[2:])), uint64(126)
	if s.header[1]&0x7f == 127 {
		length, least = binary.BigEndian.Uint64(s.header[2:]), 1<<16
	}
	if length < least || length>>63 != 0 {
		return broken("a length that is not in its shortest form")
	}
	s.left = 4 + length
	return nil
}

func broken(text string) error { return &violation{websocket.CloseProtocolError, text} }
