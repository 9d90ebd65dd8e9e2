package tcpgw

import (
	"fmt"
	"unicode/utf8"

	"partyline/hub/wire"
)

// notUTF8 refuses a line. The first refusal in a connection says where the fault is and what the
// text may be in; later ones count.
func (l *lines) notUTF8(line []byte) *wire.Refusal {
	l.bad++
	if l.bad > 1 {
		return &wire.Refusal{Code: wire.CodeNotUTF8, Message: fmt.Sprintf("not UTF-8: %d lines dropped so far", l.bad)}
	}
	at := invalidByte(line)
	return &wire.Refusal{Code: wire.CodeNotUTF8, Message: fmt.Sprintf(
		"not UTF-8: line %d is dropped for its byte %02X at offset %d; %s", l.number, line[at], at, encodingHint(line))}
}

// invalidByte returns the offset of the first byte of b that is not UTF-8.
func invalidByte(b []byte) int {
	for at := 0; at < len(b); {
		r, size := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(b)
}

// encodingHint says what a line that is not UTF-8 may be in.
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
