package wire

import (
	"bytes"
	"unicode/utf8"

	"partyline/hub/clean"
)

// maxScanned is the largest number of fields of an object that scanFields decodes: more than any request has.
const maxScanned = 16

// scanFields returns the fields of a line that is an object of strings without escapes, lists of strings, whole
// numbers, booleans and nulls, as almost all requests are, several times faster than decodeFields. It reports whether it could. If
// so, the object has the same fields as those that decodeFields returns. They share the memory of the line.
func scanFields(line []byte) (f fields, ok bool) {
	if line[0] != '{' || !utf8.Valid(line) {
		return nil, false
	}
	f = make(fields, 0, 4)
	rest := skipSpace(line[1:])
	for len(f) < maxScanned {
		name, after := cutValue(rest)
		after = skipSpace(after)
		if len(name) == 0 || name[0] != '"' || len(after) == 0 || after[0] != ':' {
			return nil, false
		}
		value, after := cutValue(skipSpace(after[1:]))
		after = skipSpace(after)
		if len(value) == 0 || len(after) == 0 {
			return nil, false
		}
		f = append(f, field{fieldName(name[1 : len(name)-1]), value})
		switch {
		case after[0] == ',':
			rest = skipSpace(after[1:])
		case after[0] == '}' && len(after) == 1:
			return f, true
		default:
			return nil, false
		}
	}
	return nil, false
}

// fieldName returns a name as a string, without allocating for the fields of a message.
func fieldName(name []byte) string {
	switch string(name) {
	case "type":
		return "type"
	case "text":
		return "text"
	case "key":
		return "key"
	case "ref":
		return "ref"
	}
	return string(name)
}

// CutString cuts a JSON string (RFC 8259 section 7) without escapes and control characters of ASCII from the
// start of s. It does not check for UTF-8.
func CutString[T string | []byte](s T) (value, rest T, ok bool) {
	if len(s) == 0 || s[0] != '"' {
		return value, rest, false
	}
	for i := 1; ; i++ {
		i += clean.Plain(s[i:])
		switch {
		case i == len(s), s[i] != '"' && s[i] < utf8.RuneSelf:
			return value, rest, false
		case s[i] == '"':
			return s[1:i], s[i+1:], true
		}
	}
}

// cutValue cuts a value that scanFields decodes from the start of b. The value is nil if there is none.
func cutValue(b []byte) (value, rest []byte) {
	if len(b) == 0 {
		return nil, nil
	}
	switch b[0] {
	case '"':
		s, rest, ok := CutString(b)
		if !ok {
			return nil, nil
		}
		return b[:len(s)+2], rest
	case '[':
		value, rest, _ = cutList(b)
		return value, rest
	case 't', 'f', 'n':
		for _, word := range []string{"true", "false", "null"} {
			if bytes.HasPrefix(b, []byte(word)) {
				return b[:len(word)], b[len(word):]
			}
		}
		return nil, nil
	}
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	if n == 0 || n > 1 && b[0] == '0' {
		return nil, nil
	}
	return b[:n], b[n:]
}

// skipSpace returns b without the white space of RFC 8259 at its start.
func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}
