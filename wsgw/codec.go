package wsgw

import (
	"encoding/binary"

	"partyline/hub"
	"partyline/hub/wire"
)

// A codec encodes each event as one unfragmented text frame without a mask, so that all clients
// with the same format receive the same bytes. It encodes a wire.Ping as a ping frame too, which
// every live client answers.
type codec struct{ format wire.Format }

var _ hub.Codec = codec{}

func (c codec) Append(dst []byte, e wire.Event) []byte {
	if _, ok := e.(wire.Ping); ok {
		dst = append(dst, finPing, 0)
	}
	start := len(dst)
	dst = append(dst, finText, 126, 0, 0) // the header of nearly every frame
	if c.format == wire.JSON {
		dst = e.AppendJSON(dst)
	} else {
		dst = e.AppendText(dst)
	}
	header, payload := dst[start:start+4], dst[start+4:]
	switch n := len(payload); {
	case n == 0:
		return dst[:start]
	case n < 126:
		header[1] = byte(n)
		copy(dst[start+2:], payload)
		return dst[:len(dst)-2]
	case n <= 0xffff:
		binary.BigEndian.PutUint16(header[2:], uint16(n))
		return dst
	default:
		dst = append(dst, 0, 0, 0, 0, 0, 0)
		copy(dst[start+10:], payload)
		dst[start+1] = 127
		binary.BigEndian.PutUint64(dst[start+2:], uint64(n))
		return dst
	}
}
