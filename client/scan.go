package client

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"partyline/hub/wire"
)

// scan decodes a line that is an object of known fields without escapes, control characters and lists, as
// almost all lines of a server are, several times faster than encoding/json. It reports whether it could.
// If so, the result is that of encoding/json.
func (o *object) scan(line []byte) bool {
	if !utf8.Valid(line) {
		return false
	}
	s := string(line) // the only copy: fields are substrings
	s, ok := strings.CutPrefix(s, "{")
	if !ok {
		return false
	}
	for {
		name, rest, ok := wire.CutString(s)
		if !ok || !strings.HasPrefix(rest, ":") || len(rest) < 2 {
			return false
		}
		if rest = rest[1:]; rest[0] == '"' {
			var value string
			if value, s, ok = wire.CutString(rest); !ok || !o.setString(name, value) {
				return false
			}
		} else if name == "ids" {
			if o.IDs, s, ok = cutNumbers(rest); !ok {
				return false
			}
		} else {
			end := strings.IndexAny(rest, ",}")
			if end < 0 || !o.setOther(name, rest[:end]) {
				return false
			}
			s = rest[end:]
		}
		switch {
		case s == "}":
			return true
		case strings.HasPrefix(s, ","):
			s = s[1:]
		default:
			return false
		}
	}
}

// isASCII reports whether a line has only ASCII characters.
func isASCII(line []byte) bool {
	for ; len(line) >= 8; line = line[8:] {
		if binary.NativeEndian.Uint64(line)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range line {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// setString sets a field that is a string.
func (o *object) setString(name, value string) bool {
	switch name {
	case "type":
		o.Type = value
	case "ref":
		o.Ref = value
	case "key":
		o.Key = value
	case "room":
		o.Room = value
	case "nick":
		o.Nick = value
	case "from":
		o.From = value
	case "to":
		o.To = value
	case "via":
		o.Via = value
	case "text":
		o.Text = value
	case "at":
		at, err := time.Parse(time.RFC3339, value)
		o.At = at
		return err == nil && strings.HasSuffix(value, "Z") && strings.IndexByte(value, ',') < 0
	default:
		return false
	}
	return true
}

// setOther sets a field that is a number or a boolean.
func (o *object) setOther(name, value string) bool {
	switch name {
	case "id":
		return setNumber(&o.ID, value)
	case "number":
		return setNumber(&o.Number, value)
	case "stored":
		stored := value == "true"
		o.Stored = &stored
		return stored || value == "false"
	}
	return false
}

// setNumber sets n to a whole number that is not negative.
func setNumber(n *int64, value string) bool {
	if !isNumber(value) {
		return false
	}
	x, err := strconv.ParseInt(value, 10, 64)
	*n = x
	return err == nil
}

// cutNumbers cuts a list of whole numbers without white space from the start of s.
func cutNumbers(s string) (list []int64, rest string, ok bool) {
	s, rest, ok = strings.Cut(s, "]")
	s, opened := strings.CutPrefix(s, "[")
	if !ok || !opened {
		return nil, "", false
	}
	list = make([]int64, 0, strings.Count(s, ",")+1)
	for more := s != ""; more; {
		var number string
		number, s, more = strings.Cut(s, ",")
		list = append(list, 0)
		if !setNumber(&list[len(list)-1], number) {
			return nil, "", false
		}
	}
	return list, rest, true
}

// isNumber reports whether s is a whole number of JSON (RFC 8259 section 6) that is not negative.
func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0'
}
