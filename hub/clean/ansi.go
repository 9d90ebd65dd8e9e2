package clean

import (
	"strings"
	"unicode"
)

// stripANSI removes the complete escape sequences of ECMA-48 and ECMA-35 from a text, in one
// pass. An ESC that starts no complete sequence stays. So do sequences that start with a C1
// character. A text without ESC is returned without copying.
func stripANSI(s string) string {
	i := strings.IndexByte(s, '\x1b')
	if i < 0 {
		return s
	}
	left := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.IndexByte(s, '\x1b') {
		n := sequenceLen(s[i:])
		if n == 0 {
			i++ // keep the ESC
		}
		left = append(left, s[:i]...)
		s = s[i+n:]
	}
	return string(append(left, s...))
}

// sequenceLen returns the length of the escape sequence at the start of s, or 0 if the
// sequence is not complete. s starts with ESC.
func sequenceLen(s string) int {
	if len(s) < 2 {
		return 0
	}
	switch c := s[1]; {
	case c == '[': // CSI: parameters, intermediates, a final byte
		i := skipBytes(s, 2, 0x30, 0x3f)
		return endSequence(s, skipBytes(s, i, 0x20, 0x2f), 0x40)
	case c == ']', c == 'P', c == 'X', c == '^', c == '_': // OSC, DCS, SOS, PM, APC
		return stringLen(s)
	case c >= 0x20 && c <= 0x2f: // nF: intermediates, a final byte
		return endSequence(s, skipBytes(s, 2, 0x20, 0x2f), 0x30)
	}
	return endSequence(s, 1, 0x30) // Fp, Fe, Fs
}

// stringLen returns the length of a control string that ends in ST, or in BEL if it is an
// OSC, or 0 if it is not complete. The string has no control character except TAB, so it is
// on one line. Because an ESC ends the search, stripANSI scans each byte only once.
func stringLen(s string) int {
	i := strings.IndexFunc(s[2:], func(r rune) bool { return unicode.IsControl(r) && r != '\t' })
	if i < 0 {
		return 0
	}
	switch end := s[2+i:]; {
	case strings.HasPrefix(end, "\x1b\\"):
		return 2 + i + 2
	case end[0] == '\a' && s[1] == ']':
		return 2 + i + 1
	}
	return 0
}

// skipBytes returns the index of the first byte of s at or after i that is not in [low, high].
func skipBytes(s string, i int, low, high byte) int {
	for i < len(s) && s[i] >= low && s[i] <= high {
		i++
	}
	return i
}

// endSequence returns the length of a sequence whose final byte is at i, or 0 if the byte at i
// is not in [low, 0x7e].
func endSequence(s string, i int, low byte) int {
	if i < len(s) && s[i] >= low && s[i] <= 0x7e {
		return i + 1
	}
	return 0
}
