package wsgw

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"partyline/hub"
)

// A violation is a breach of the protocol that ends the connection with a close code (RFC
// 6455 section 7.4.1).
type violation struct {
	code int
	text string
}

func (v *violation) Error() string { return v.text }

// A farewell is the client's own Close, which is answered with its code. It is an io.EOF.
type farewell struct{ code int }

func (f *farewell) Error() string { return fmt.Sprintf("client closed with %d", f.code) }

func (f *farewell) Unwrap() error { return io.EOF }

// readParting returns what the mask and the payload of a Close say (RFC 6455 section
// 5.5.1): a farewell, or a violation.
func readParting(b []byte) error {
	payload := unmask(b)
	switch len(payload) {
	case 0:
		return &farewell{websocket.CloseNoStatusReceived}
	case 1:
		return broken("a close code of one byte")
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case !mayBeSent(code):
		return broken(fmt.Sprintf("the close code %d", code))
	case !utf8.Valid(payload[2:]):
		return &violation{websocket.CloseInvalidFramePayloadData, "a reason that is not UTF-8"}
	}
	return &farewell{code}
}

// unmask returns a frame's payload, which it changes in place. b begins with the mask.
func unmask(b []byte) []byte {
	mask, payload := b[:4], b[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return payload
}

// mayBeSent reports whether a close frame may bear a code: one that IANA's registry has for
// that (RFC 6455 section 7.4; 1012 to 1014 came later), or one that libraries and
// applications have for themselves.
func mayBeSent(code int) bool {
	switch code {
	case 1004, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}

// closeFrame makes a close frame; without a status where the client's had none.
func closeFrame(code int) []byte {
	if code == websocket.CloseNoStatusReceived {
		return []byte{finClose, 0}
	}
	return []byte{finClose, 2, byte(code >> 8), byte(code)}
}

// closeCode returns the close code for a reason, or 0 where nobody is there to read it.
func closeCode(why error) int {
	var left *farewell
	var bad *violation
	switch {
	case errors.As(why, &left):
		return left.code
	case errors.As(why, &bad):
		return bad.code
	case errors.Is(why, hub.ErrQuit):
		return websocket.CloseNormalClosure
	case errors.Is(why, hub.ErrShutdown):
		return websocket.CloseServiceRestart
	case errors.Is(why, hub.ErrFault):
		return websocket.CloseInternalServerErr
	}
	return 0
}
