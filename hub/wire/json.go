package wire

import (
	"strconv"
	"time"
	"unicode/utf8"

	"partyline/hub/clean"
)

// The functions of this file append to a slice, so that encoding an event allocates nothing
// if the slice is large enough.

// openObject appends the start of a JSON object up to its type.
func openObject(dst []byte, typ string) []byte {
	dst = append(dst, `{"type":"`...)
	dst = append(dst, typ...)
	return append(dst, '"')
}

// appendName appends the name of a field, after a comma if it is not the first.
func appendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, name...)
	return append(dst, '"', ':')
}

func appendString(dst []byte, name, value string) []byte {
	return AppendQuoted(appendName(dst, name), value)
}

// appendOptional appends a string field unless value is empty.
func appendOptional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(dst, name, value)
}

func appendInt(dst []byte, name string, value int64) []byte {
	return strconv.AppendInt(appendName(dst, name), value, 10)
}

func appendBool(dst []byte, name string, value bool) []byte {
	return strconv.AppendBool(appendName(dst, name), value)
}

// appendTime appends a time in RFC 3339, in UTC with milliseconds. It is several times as fast as
// time.Time.AppendFormat.
func appendTime(dst []byte, name string, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(appendName(dst, name), '"')
	if year < 0 || year > 9999 {
		dst = t.AppendFormat(dst, "2006-01-02T15:04:05.000Z07:00")
		return append(dst, '"')
	}
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), int(month), 2)
	dst = appendDigits(append(dst, '-'), day, 2)
	dst = appendDigits(append(dst, 'T'), hour, 2)
	dst = appendDigits(append(dst, ':'), minute, 2)
	dst = appendDigits(append(dst, ':'), second, 2)
	dst = appendDigits(append(dst, '.'), t.Nanosecond()/1e6, 3)
	return append(dst, 'Z', '"')
}

// appendDigits appends the last digits of x, which is not negative.
func appendDigits(dst []byte, x, digits int) []byte {
	dst = append(dst, "0000"[:digits]...)
	for i := len(dst) - 1; x > 0 && i >= len(dst)-digits; i-- {
		dst[i] = byte('0' + x%10)
		x /= 10
	}
	return dst
}

// AppendQuoted appends s as a JSON string (RFC 8259 section 7). Each byte that is not UTF-8
// becomes U+FFFD. U+2028 and U+2029 are escaped, because JavaScript before ES2019 treats
// them as line ends.
func AppendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	done := 0
	for i := clean.Plain(s); i < len(s); i += clean.Plain(s[i:]) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				dst = append(append(dst, s[done:i]...), "\uFFFD"...)
				done = i + size
			case r == '\u2028' || r == '\u2029':
				dst = append(append(dst, s[done:i]...), `\u202`...)
				dst = append(dst, hex[r&0xF])
				done = i + size
			}
			i += size
			continue
		}
		dst = append(dst, s[done:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF])
		}
		i++
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}
