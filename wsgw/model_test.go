package wsgw

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// model returns the outcome that RFC 6455 requires for everything that a client sends: the
// messages, the pongs and the code of the close frame. maxMessage bounds a message in bytes. n
// is the offset of the frame that ends the connection. The model is slow and simple, and does
// not use ParseFrameHeader, which it checks.
func model(b []byte, maxMessage uint64) (got outcome, n int) {
	var kind byte // the opcode of the message that is not whole yet; 0 for none
	var message []byte
	fragments, controls := 0, 0
	for {
		rest := b[n:]
		ends := func(code int) (outcome, int) {
			got.code = code
			return got, n
		}
		if len(rest) < 2 {
			return ends(lost)
		}
		fin, bits, opcode := rest[0]>>7 == 1, rest[0]>>4&7, rest[0]&15
		hasMask, length := rest[1]>>7 == 1, uint64(rest[1]&127)
		control := opcode >= 8
		switch {
		case bits != 0, !hasMask:
			return ends(1002)
		case opcode >= 3 && opcode <= 7, opcode >= 11:
			return ends(1002)
		case control && (!fin || length > 125):
			return ends(1002)
		case opcode == 0 && kind == 0:
			return ends(1002)
		case (opcode == 1 || opcode == 2) && kind != 0:
			return ends(1002)
		}
		if !control {
			if fragments++; fragments > 1000 {
				return ends(1008)
			}
		} else if fragments > 0 {
			if controls++; controls > 1000 {
				return ends(1008)
			}
		}

		header := 2
		if length == 126 {
			if header = 4; len(rest) < header {
				return ends(lost)
			}
			if length = uint64(binary.BigEndian.Uint16(rest[2:])); length < 126 {
				return ends(1002)
			}
		} else if length == 127 {
			if header = 10; len(rest) < header {
				return ends(lost)
			}
			if length = binary.BigEndian.Uint64(rest[2:]); length < 65536 || length > math.MaxInt64 {
				return ends(1002)
			}
		}
		if len(rest) < header+4 {
			return ends(lost)
		}
		mask := rest[header : header+4]
		rest = rest[header+4:]
		whole := uint64(len(rest)) >= length
		if whole {
			rest = rest[:length]
		}
		payload := make([]byte, len(rest))
		for i := range rest {
			payload[i] = rest[i] ^ mask[i%4]
		}

		switch {
		case control && !whole:
			return ends(lost)
		case opcode == 8 && len(payload) == 0:
			return ends(noStatus)
		case opcode == 8 && len(payload) == 1:
			return ends(1002)
		case opcode == 8 && !allowed[int(payload[0])<<8|int(payload[1])]:
			return ends(1002)
		case opcode == 8 && !utf8.Valid(payload[2:]):
			return ends(1007)
		case opcode == 8:
			return ends(int(payload[0])<<8 | int(payload[1]))
		case opcode == 9:
			got.pongs = append(got.pongs, string(payload))
		case opcode == 10:
		default:
			if opcode != 0 {
				kind = opcode
			}
			message = append(message, payload...)
			switch {
			case uint64(len(message)-len(payload))+length > maxMessage:
				return ends(1009)
			case maxMessage == unlimited: // payloads are not checked
			case kind == 2:
				return ends(1003)
			case !canBecomeUTF8(message):
				return ends(1007)
			}
			if !whole {
				return ends(lost)
			}
			if fin {
				if maxMessage != unlimited && !utf8.Valid(message) {
					return ends(1007)
				}
				got.said = append(got.said, string(message))
				kind, message, fragments, controls = 0, nil, 0, 0
			}
		}
		n += header + 4 + int(length)
	}
}

// unlimited makes the model check frames only and not the contents of messages.
const unlimited = math.MaxUint64

// allowed is the set of codes that a client may send.
var allowed = func() map[int]bool {
	codes := map[int]bool{
		1000: true, 1001: true, 1002: true, 1003: true, 1007: true, 1008: true, 1009: true,
		1010: true, 1011: true, 1012: true, 1013: true, 1014: true,
	}
	for code := 3000; code <= 4999; code++ {
		codes[code] = true
	}
	return codes
}()

// canBecomeUTF8 reports whether b is UTF-8 or the start of UTF-8.
func canBecomeUTF8(b []byte) bool {
	for cut := 0; cut <= min(3, len(b)); cut++ {
		start, tail := b[:len(b)-cut], b[len(b)-cut:]
		if utf8.Valid(start) && !utf8.FullRune(tail) {
			return true
		}
	}
	return false
}
