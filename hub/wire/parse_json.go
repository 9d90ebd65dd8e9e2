package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"partyline/hub/clean"
)

// ParseJSON parses a line of the JSON format. It returns nil, nil if the line is blank. A
// text in it may have at most maxLine bytes. The names of fields are case-sensitive. A
// Refusal has the ref and the key of the request if they are valid.
func ParseJSON(line []byte, maxLine int) (*Request, *Refusal) {
	line = bytes.Trim(line, " \t\r\n") // the white space of RFC 8259
	if len(line) == 0 {
		return nil, nil
	}
	var f fields // a map, because json matches the fields of a struct in any case
	if line[0] != '{' || json.Unmarshal(line, &f) != nil {
		return nil, &Refusal{Code: CodeBadJSON, Message: "not one JSON object"}
	}
	q := &Request{}
	bad := q.parseFields(f, maxLine)
	if bad != nil {
		bad.Ref, bad.Key = q.Ref, q.Key
		return nil, bad
	}
	return q, nil
}

func (q *Request) parseFields(f fields, maxLine int) *Refusal {
	ref, badRef := f.token("ref")
	key, badKey := f.token("key")
	q.Ref, q.Key = ref, key
	if badRef != nil {
		return badRef
	}
	if badKey != nil {
		return badKey
	}
	typ, given, bad := f.text("type")
	if bad == nil && !given {
		bad = BadRequest("type is missing")
	}
	if bad != nil {
		return bad
	}
	c := commandFor(Verb(typ))
	if c == nil || c.json == nil {
		return &Refusal{Code: CodeUnknownType, Message: "unknown type " + strconv.Quote(clean.Quote(typ, clean.QuoteMax))}
	}
	q.Verb = c.verb
	return c.json(q, f, maxLine)
}

func (q *Request) jsonNothing(fields, int) *Refusal { return nil }

// jsonToSay parses the text of a message.
func (q *Request) jsonToSay(f fields, maxLine int) *Refusal {
	text, bad := f.required("text")
	if bad != nil {
		return bad
	}
	return q.setTextOfLines(text, maxLine)
}

// jsonName returns a function that parses a name from a field.
func jsonName(field string) func(*Request, fields, int) *Refusal {
	return func(q *Request, f fields, _ int) (bad *Refusal) {
		q.Name, bad = f.required(field)
		return bad
	}
}

func (q *Request) jsonMsg(f fields, maxLine int) (bad *Refusal) {
	if q.Name, bad = f.required("to"); bad != nil {
		return bad
	}
	return q.jsonToSay(f, maxLine)
}

func (q *Request) jsonHistory(f fields, _ int) (bad *Refusal) {
	q.ID, q.Limit, bad = f.page("before", false)
	return bad
}

func (q *Request) jsonSince(f fields, _ int) (bad *Refusal) {
	q.ID, q.Limit, bad = f.page("id", true)
	return bad
}

func (q *Request) jsonSearch(f fields, maxLine int) (bad *Refusal) {
	if q.Text, bad = f.words(maxLine); bad != nil {
		return bad
	}
	return q.jsonHistory(f, maxLine)
}

func (q *Request) jsonFormat(f fields, _ int) *Refusal {
	name, bad := f.required("format")
	if bad == nil && !q.setFormat(name) {
		bad = BadRequest("format is text or json")
	}
	return bad
}

// jsonQuit parses the parting message and joins its lines.
func (q *Request) jsonQuit(f fields, maxLine int) *Refusal {
	text, _, bad := f.text("text")
	if bad != nil || !clean.Visible(text) {
		return bad
	}
	bad = q.setTextOfLines(text, maxLine)
	q.Text = strings.ReplaceAll(q.Text, "\n", " ")
	return bad
}

// fields are the fields of a JSON object. A field that is null counts as missing.
type fields map[string]json.RawMessage

// raw returns the encoded value of a field, and whether the object has it.
func (f fields) raw(name string) (json.RawMessage, bool) {
	raw, ok := f[name]
	return raw, ok && string(raw) != "null"
}

// text returns a string, and whether the object has it.
func (f fields) text(name string) (value string, given bool, bad *Refusal) {
	raw, given := f.raw(name)
	if !given {
		return "", false, nil
	}
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true, nil // the usual case: no escapes
	}
	if raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", true, BadRequest("%s is not a string", name)
	}
	return value, true, nil
}

// required returns a string that the object must have.
func (f fields) required(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad == nil && !given {
		bad = BadRequest("%s is missing", name)
	}
	return value, bad
}

// token returns a ref or a key: 1 to 64 bytes without control characters, or "" if the field
// is missing.
func (f fields) token(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad != nil || !given {
		return "", bad
	}
	if len(value) == 0 || len(value) > 64 || strings.ContainsFunc(value, unicode.IsControl) {
		return "", BadRequest("%s is not 1 to 64 bytes without control characters", name)
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

// page returns the id in a field and the limit.
func (f fields) page(name string, required bool) (id, limit int64, bad *Refusal) {
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

// integer returns a whole number. Numbers beyond int64 become ±2^53, which no id reaches.
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
