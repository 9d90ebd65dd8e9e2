package hub

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseJSON reads a request in the JSON format. It returns nil where the line says
// nothing. Names of fields are matched exactly, which is why they are taken from a map.
func parseJSON(line []byte, maxLine int) (*request, *Refusal) {
	line = bytes.Trim(line, " \t\r\n") // what RFC 8259 calls white space
	if len(line) == 0 {
		return nil, nil
	}
	var f fields
	if line[0] != '{' || json.Unmarshal(line, &f) != nil {
		return nil, &Refusal{Code: CodeBadJSON, Message: "not one JSON object"}
	}
	q := &request{}
	bad := q.parseFields(f, maxLine)
	if bad != nil {
		bad.Ref, bad.Key = q.ref, q.key
		return nil, bad
	}
	return q, nil
}

func (q *request) parseFields(f fields, maxLine int) *Refusal {
	ref, badRef := f.token("ref")
	key, badKey := f.token("key")
	q.ref, q.key = ref, key
	if badRef != nil {
		return badRef
	}
	if badKey != nil {
		return badKey
	}
	typ, given, bad := f.text("type")
	if bad == nil && !given {
		bad = badRequest("type is missing")
	}
	if bad != nil {
		return bad
	}
	q.verb = verb(typ)
	switch q.verb {
	case verbSay, verbMe:
		bad = q.parseText(f, maxLine)
	case verbMsg:
		if q.name, bad = f.required("to"); bad == nil {
			bad = q.parseText(f, maxLine)
		}
	case verbNick:
		q.name, bad = f.required("nick")
	case verbJoin:
		q.name, bad = f.required("room")
	case verbHistory:
		q.id, q.limit, bad = f.page("before", false)
	case verbSince:
		q.id, q.limit, bad = f.page("id", true)
	case verbSearch:
		if q.text, bad = f.words(maxLine); bad == nil {
			q.id, q.limit, bad = f.page("before", false)
		}
	case verbFormat:
		q.name, bad = f.required("format")
		if bad == nil && q.name != "text" && q.name != "json" {
			bad = badRequest("format is text or json")
		}
	case verbQuit:
		q.text, bad = f.word(maxLine)
	case verbWho, verbRooms:
	default:
		bad = &Refusal{Code: CodeUnknownType, Message: "unknown type " + strconv.Quote(Quote(typ, mostQuoted))}
	}
	return bad
}

func (q *request) parseText(f fields, maxLine int) (bad *Refusal) {
	text, bad := f.required("text")
	if bad != nil {
		return bad
	}
	q.text, bad = prepareText(text, maxLine)
	return bad
}

// fields are those of a JSON object. A null is a field left out.
type fields map[string]json.RawMessage

func (f fields) raw(name string) (json.RawMessage, bool) {
	raw, ok := f[name]
	return raw, ok && string(raw) != "null"
}

func (f fields) text(name string) (value string, given bool, bad *Refusal) {
	raw, given := f.raw(name)
	if !given {
		return "", false, nil
	}
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), true, nil // it says what it means: most do
	}
	if raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", true, badRequest("%s is not a string", name)
	}
	return value, true, nil
}

func (f fields) required(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad == nil && !given {
		bad = badRequest("%s is missing", name)
	}
	return value, bad
}

// token reads a ref or a key: 1 to 64 bytes without control characters.
func (f fields) token(name string) (string, *Refusal) {
	value, given, bad := f.text(name)
	if bad != nil || !given {
		return "", bad
	}
	if len(value) == 0 || len(value) > 64 || strings.ContainsFunc(value, unicode.IsControl) {
		return "", badRequest("%s is not 1 to 64 bytes without control characters", name)
	}
	return value, nil
}

// word reads a parting word, which is one line.
func (f fields) word(maxLine int) (string, *Refusal) {
	text, _, bad := f.text("text")
	if bad != nil || !Visible(text) {
		return "", bad
	}
	text, bad = prepareText(text, maxLine)
	return strings.ReplaceAll(text, "\n", " "), bad
}

// words reads what is searched for: one line, as clean as what is said.
func (f fields) words(maxLine int) (string, *Refusal) {
	text, bad := f.required("words")
	if bad == nil && len(text) > maxLine {
		bad = tooLong(maxLine)
	}
	if bad != nil {
		return "", bad
	}
	text = Clean(strings.ReplaceAll(text, "\r", "\n")) // lines are joined when they are clean
	return strings.ReplaceAll(text, "\n", " "), nil
}

// page reads an id and a limit.
func (f fields) page(name string, required bool) (id, limit int64, bad *Refusal) {
	id, given, bad := f.integer(name)
	switch {
	case bad != nil:
		return 0, 0, bad
	case required && !given:
		return 0, 0, badRequest("%s is missing", name)
	case id < 0:
		return 0, 0, badRequest("%s is below 0", name)
	case given && !required:
		id = max(id, 1) // 0 asks for the newest in a request, and for none here
	}
	limit, given, bad = f.integer("limit")
	if bad == nil && given && limit < 1 {
		bad = badRequest("limit is below 1")
	}
	return id, limit, bad
}

// integer reads a whole number; what is far beyond any id is cut to where ids end.
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
		return 0, true, badRequest("%s is not a whole number", name)
	}
	const most = 1 << 53
	return int64(min(max(x, -most), most)), true, nil
}
