package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"partyline/hub/clean"
)

// fields are the fields of a JSON object. A field that is null counts as missing. Of several fields with one
// name the last one counts.
type fields []field

// A field is a field of a JSON object.
type field struct {
	name string
	raw  json.RawMessage // the encoded value, without white space around it
}

// raw returns the encoded value of a field, and whether the object has it.
func (f fields) raw(name string) (json.RawMessage, bool) {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].name == name {
			return f[i].raw, string(f[i].raw) != "null"
		}
	}
	return nil, false
}

// text returns a string field, and whether the object has it.
func (f fields) text(name string) (value string, given bool, bad *Refusal) {
	raw, given := f.raw(name)
	if !given {
		return "", false, nil
	}
	if value, bad = decodeText(raw); bad != nil {
		return "", true, BadRequest("%s is not a string", name)
	}
	return value, true, nil
}

// decodeText decodes a value that is a string.
func decodeText(raw []byte) (string, *Refusal) {
	if value, _, plain := CutString(raw); plain && utf8.Valid(value) { // the usual case
		return string(value), nil
	}
	decoded := new(string)
	if raw[0] != '"' || json.Unmarshal(raw, decoded) != nil {
		return "", BadRequest("not a string")
	}
	return *decoded, nil
}

// required returns a string field that the object must have.
func (f fields) required(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad == nil && !given {
		bad = BadRequest("%s is missing", name)
	}
	return value, bad
}

// boolean returns a boolean field, or false if the object does not have it.
func (f fields) boolean(name string) (value bool, bad *Refusal) {
	raw, given := f.raw(name)
	if given && json.Unmarshal(raw, &value) != nil {
		return false, BadRequest("%s is not true or false", name)
	}
	return value, nil
}

// MaxToken is the largest size of a ref or a key, in bytes.
const MaxToken = 64

// token returns a ref or a key: 1 to MaxToken bytes without control characters, or "" if the field
// is missing.
func (f fields) token(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad != nil || !given {
		return "", bad
	}
	if len(value) == 0 || len(value) > MaxToken || clean.Plain(value) < len(value) && strings.ContainsFunc(value, unicode.IsControl) {
		return "", BadRequest("%s is not 1 to %d bytes without control characters", name, MaxToken)
	}
	return value, nil
}

// words returns the words of a search: one line, cleaned like a message.
func (f fields) words(maxLine int) (string, *Refusal) {
	text, bad := f.required("words")
	if bad == nil && len(text) > maxLine {
		bad = TooLong(maxLine)
	}
	if bad != nil {
		return "", bad
	}
	text = clean.Text(strings.ReplaceAll(text, "\r", "\n")) // each line is cleaned alone
	return strings.ReplaceAll(text, "\n", " "), nil
}

// idAndLimit returns the id in the field with a name, and the limit.
func (f fields) idAndLimit(name string, required bool) (id, limit int64, bad *Refusal) {
	id, given, bad := f.integer(name)
	switch {
	case bad != nil:
		return 0, 0, bad
	case required && !given:
		return 0, 0, BadRequest("%s is missing", name)
	case id < 0:
		return 0, 0, BadRequest("%s is below 0", name)
	case given && !required:
		id = max(id, 1) // no message is before 0 or 1, but an ID of 0 means the newest
	}
	limit, given, bad = f.integer("limit")
	if bad == nil && given && limit < 1 {
		bad = BadRequest("limit is below 1")
	}
	return id, limit, bad
}

// integer returns a whole number, and whether the object has it. Numbers beyond int64 become
// ±2^53, which no id reaches.
func (f fields) integer(name string) (n int64, given bool, bad *Refusal) {
	raw, given := f.raw(name)
	if !given {
		return 0, false, nil
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, true, nil
	}
	x, err := strconv.ParseFloat(string(raw), 64)
	if err != nil && !math.IsInf(x, 0) || x != math.Trunc(x) {
		return 0, true, BadRequest("%s is not a whole number", name)
	}
	const limit = 1 << 53
	return int64(min(max(x, -limit), limit)), true, nil
}
