package wsgw

import (
	"encoding/binary"

	"github.com/gorilla/websocket"
)

// maxFragments bounds the frames of one message, since each costs more than it carries.
const maxFragments = 1000

// A violation is a breach of the protocol that ends the connection with a close code (RFC
// 6455 section 7.4.1).
type violation struct {
	code int
	text string
}

func (v *violation) Error() string { return v.text }

// scanner follows the frames in the bytes that a client sends, and finds what the library
// lets pass. Masks and payloads are no concern of its.
type scanner struct {
	header    [10]byte // of the current frame, without its mask
	have      int      // bytes of header
	left      uint64   // bytes of mask and payload still to come
	fragments int      // of the current message
}

// next goes on with b, to the end of the current frame at most. It returns how many bytes
// of b may be believed, whether the frame ended with them, and why the next byte may not.
func (s *scanner) next(b []byte) (n int, whole bool, bad *violation) {
	if s.left == 0 {
		for n < len(b) && s.have < s.headerLen() {
			s.header[s.have] = b[n]
			s.have++
			n++
		}
		if s.have < s.headerLen() {
			return n, false, nil
		}
		if bad := s.check(); bad != nil {
			return 0, false, bad
		}
	}
	k := min(s.left, uint64(len(b)-n))
	s.left -= k
	return n + int(k), s.left == 0, nil
}

// between reports that no frame has begun.
func (s *scanner) between() bool { return s.left == 0 && s.have == 0 }

func (s *scanner) headerLen() int {
	if s.have < 2 {
		return 2
	}
	switch s.header[1] & 0x7f {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// check looks at a whole header and goes on to what follows it.
func (s *scanner) check() *violation {
	s.have = 0
	length := uint64(s.header[1] & 0x7f)
	least := uint64(0)
	switch length {
	case 126:
		length, least = uint64(binary.BigEndian.Uint16(s.header[2:])), 126
	case 127:
		length, least = binary.BigEndian.Uint64(s.header[2:]), 1<<16
	}
	if length < least || length>>63 != 0 {
		return &violation{websocket.CloseProtocolError, "length not in the shortest form"}
	}
	s.left = length
	if s.header[1]&0x80 != 0 {
		s.left += 4
	}
	switch opcode := s.header[0] & 0x0f; {
	case opcode == websocket.CloseMessage && length == 1:
		return &violation{websocket.CloseProtocolError, "close code of one byte"}
	case opcode >= websocket.CloseMessage: // control frames come between fragments
	default:
		if s.fragments++; s.fragments > maxFragments {
			return &violation{websocket.ClosePolicyViolation, "too many fragments"}
		}
		if s.header[0]&0x80 != 0 {
			s.fragments = 0
		}
	}
	return nil
}
