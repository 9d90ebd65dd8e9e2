package wsgw

import (
	"encoding/binary"

	"partyline/hub"
	"partyline/hub/wire"
)

// frames puts each event into one unfragmented text frame, as a server sends it: without
// a mask, and so the same for all who speak the format. A sign of life is a ping as well,
// which tells the server whether the link is dead.
type frames struct{ format wire.Format }

var _ hub.Codec = frames{}

// First bytes of unfragmented frames.
const (
	finText  = 0x81
	finClose = 0x88
	finPing  = 0x89
	finPong  = 0x8a
)

func (f frames) Append(dst []byte, e wire.Event) []byte {
	if _, ok := e.(wire.Ping); ok {
		dst = append(dst, finPing, 0)
	}
	start := len(dst)
	dst = append(dst, finText, 126, 0, 0) // the header of nearly all frames
	if f.format == wire.JSON {
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
