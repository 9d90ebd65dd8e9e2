package wsgw

import "github.com/gorilla/websocket"

// MaxFragments is the default limit for the frames of one message. Each frame costs more
// than the bytes that it carries.
const MaxFragments = 1000

// A scanner follows the frames in the bytes that a client sends. It stops at a frame that
// breaks a rule of RFC 6455 section 5, and at the client's Close: the library, which is less
// strict, receives neither. It keeps the payloads of control frames only.
type scanner struct {
	maxFragments int      // in a message; it also bounds the control frames between them
	header       [10]byte // of the current frame, without its mask
	have         int      // bytes in header; 0 after the header
	left         uint64   // bytes of mask and payload to come
	fragments    int      // of the current message so far; 0 between messages
	controls     int      // control frames between the fragments of the current message
	control      []byte   // mask and payload of a control frame so far
}

// next scans b, but no byte after the end of the current frame. It returns how many bytes of b are
// valid and whether the frame ends with them. An error is a *protocolError or the client's
// *closeError, after which next must not be called.
func (s *scanner) next(b []byte) (n int, whole bool, err error) {
	if s.left == 0 {
		s.control = s.control[:0]
		if n, err = s.readHeader(b); err != nil {
			return 0, false, err
		}
	}
	k := int(min(s.left, uint64(len(b)-n)))
	s.left -= uint64(k)
	whole = k > 0 && s.left == 0
	if s.inControl() {
		s.control = append(s.control, b[n:n+k]...)
		if whole && s.header[0] == finClose {
			return 0, false, parseClose(s.control)
		}
	}
	return n + k, whole, nil
}

// inControl reports whether the bytes that next scanned last belong to a control frame.
func (s *scanner) inControl() bool { return isControl(s.header[0]) }

// betweenFrames reports whether the next byte starts a frame.
func (s *scanner) betweenFrames() bool { return s.left == 0 && s.have == 0 }

// readHeader continues the current header with b and returns how many bytes of b belong to
// it. It checks the first two bytes as soon as it has them.
func (s *scanner) readHeader(b []byte) (n int, err error) {
	if s.have == 0 && len(b) >= 2 {
		if h, ok := ParseFrameHeader(b); ok { // nearly always
			s.header[0] = b[0]
			if err := s.checkStart(h); err != nil {
				return 0, err
			}
			return h.Size, s.startPayload(h)
		}
	}
	for {
		h, _ := ParseFrameHeader(s.header[:s.have])
		k := copy(s.header[s.have:h.Size], b[n:])
		n += k
		if s.have += k; s.have < h.Size {
			return n, nil
		}
		h, ok := ParseFrameHeader(s.header[:s.have])
		if s.have == 2 {
			if err := s.checkStart(h); err != nil {
				return 0, err
			}
		}
		if ok {
			return n, s.startPayload(h)
		}
	}
}

// checkStart checks the first two bytes of a header: everything but a length of 16 or 64 bits.
func (s *scanner) checkStart(h FrameHeader) error {
	switch {
	case h.First&0x70 != 0:
		return newProtocolError("a reserved bit")
	case !h.Masked:
		return newProtocolError("a frame without a mask")
	}
	switch h.Opcode() {
	case websocket.CloseMessage, websocket.PingMessage, websocket.PongMessage:
		switch {
		case !h.fin():
			return newProtocolError("a control frame in fragments")
		case h.Size > 2:
			return newProtocolError("a control frame that is too long")
		case s.fragments > 0: // a fragment may follow
			if s.controls++; s.controls > s.maxFragments {
				return &protocolError{websocket.ClosePolicyViolation, "too many control frames in a message"}
			}
		}
		return nil
	case websocket.TextMessage, websocket.BinaryMessage:
		if s.fragments > 0 {
			return newProtocolError("a message between the fragments of another")
		}
	case 0:
		if s.fragments == 0 {
			return newProtocolError("a fragment of no message")
		}
	default:
		return newProtocolError("a reserved opcode")
	}
	switch {
	case s.fragments == s.maxFragments:
		return &protocolError{websocket.ClosePolicyViolation, "too many fragments"}
	case h.fin():
		s.fragments, s.controls = 0, 0
	default:
		s.fragments++
	}
	return nil
}

// startPayload checks the length in a whole header. The mask and the payload follow.
func (s *scanner) startPayload(h FrameHeader) error {
	s.have = 0
	if !h.hasShortestLength() {
		return newProtocolError("a length that is not in its shortest form")
	}
	s.left = maskLen + h.Length
	return nil
}
