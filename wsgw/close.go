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

// A protocolError is a breach of the protocol by the client. It ends the connection with a
// close code (RFC 6455 section 7.4.1).
type protocolError struct {
	code int
	text string
}

func (e *protocolError) Error() string { return e.text }

func newProtocolError(text string) error {
	return &protocolError{websocket.CloseProtocolError, text}
}

// A closeError is the client's Close. The gateway answers it with its code. It wraps io.EOF.
type closeError struct{ code int }

func (e *closeError) Error() string { return fmt.Sprintf("client closed with %d", e.code) }

func (e *closeError) Unwrap() error { return io.EOF }

// parseClose parses the mask and the payload of a client's Close, and returns a *closeError
// or a *protocolError (RFC 6455 section 5.5.1).
func parseClose(b []byte) error {
	payload := unmask(b)
	switch len(payload) {
	case 0:
		return &closeError{websocket.CloseNoStatusReceived}
	case 1:
		return newProtocolError("a close code of one byte")
	}
	code := int(binary.BigEndian.Uint16(payload))
	switch {
	case !isSendable(code):
		return newProtocolError(fmt.Sprintf("the close code %d", code))
	case !utf8.Valid(payload[2:]):
		return &protocolError{websocket.CloseInvalidFramePayloadData, "a reason that is not UTF-8"}
	}
	return &closeError{code}
}

// isSendable reports whether a close frame may contain code: a code that IANA's registry lists
// for close frames (RFC 6455 section 7.4; 1012 to 1014 were added later), or one that is
// reserved for libraries and applications.
func isSendable(code int) bool {
	switch code {
	case 1004, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}

// closeFrame returns a close frame with code, or without a code if it is
// websocket.CloseNoStatusReceived.
func closeFrame(code int) []byte {
	if code == websocket.CloseNoStatusReceived {
		return []byte{finClose, 0}
	}
	return []byte{finClose, 2, byte(code >> 8), byte(code)}
}

// closeCode returns the close code for a reason, or 0 if the client cannot receive one.
func closeCode(reason error) int {
	var closed *closeError
	var broken *protocolError
	switch {
	case errors.As(reason, &closed):
		return closed.code
	case errors.As(reason, &broken):
		return broken.code
	case errors.Is(reason, hub.ErrQuit), errors.Is(reason, hub.ErrResumed):
		return websocket.CloseNormalClosure
	case errors.Is(reason, hub.ErrShutdown):
		return websocket.CloseServiceRestart
	case errors.Is(reason, hub.ErrFault):
		return websocket.CloseInternalServerErr
	}
	return 0
}
