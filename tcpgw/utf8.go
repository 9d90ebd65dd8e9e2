package tcpgw

import (
	"fmt"
	"unicode/utf8"

	"partyline/hub/wire"
)

// notUTF8 returns the refusal of a line that is not UTF-8. The first refusal of a connection
// contains the offset of the invalid byte and an estimate of the encoding; later ones contain a
// count.
func (l *lines) notUTF8(line []byte) *wire.Refusal {
	l.invalid++
	if l.invalid > 1 {
		return &wire.Refusal{Code: wire.CodeNotUTF8, Message: fmt.Sprintf("not UTF-8: %d lines dropped so far", l.invalid)}
	}
	offset := invalidByte(line)
	return &wire.Refusal{Code: wire.CodeNotUTF8, Message: fmt.Sprintf(
		"not UTF-8: line %d is dropped for its byte %02X at offset %d; %s", l.number, line[offset], offset, encodingHint(line))}
}

// invalidByte returns the offset of the first byte of b that is not UTF-8, or len(b).
func invalidByte(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// encodingHint estimates the encoding of a line that is not UTF-8, and returns advice.
func encodingHint(line []byte) string {
	nul, control := 0, 0
	for _, c := range line {
		switch {
		case c == 0:
			nul++
		case c < ' ' && c != '\t' && c != '\r' && c != '\b' && c != '\x1b':
			control++
		}
	}
	switch {
	case nul > 0 && nul >= len(line)/3:
		return "if it is UTF-16, iconv -f UTF-16 -t UTF-8 converts it"
	case nul+control > 0:
		return "it is not text"
	}
	return "if it is Windows-1252 or Latin-1, iconv -f WINDOWS-1252 -t UTF-8 converts it"
}
