package wire

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

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
	f, ok := scanFields(line)
	if !ok {
		f, ok = decodeFields(line)
	}
	if !ok {
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

// decodeFields returns the fields of a line that is an object, and whether it is one.
func decodeFields(line []byte) (fields, bool) {
	var all map[string]json.RawMessage // a map, because json matches the fields of a struct in any case
	if line[0] != '{' || json.Unmarshal(line, &all) != nil {
		return nil, false
	}
	f := make(fields, 0, len(all))
	for name, raw := range all {
		f = append(f, field{name, raw})
	}
	return f, true
}

// parseFields parses the fields of an object into q. It sets Ref and Key even if it fails.
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

// jsonSay parses the text of a message or an action, or the texts of several messages.
func (q *Request) jsonSay(f fields, maxLine int) *Refusal {
	if q.Verb == VerbSay {
		_, hasText := f.raw("text")
		if _, hasTexts := f.raw("texts"); hasTexts && !hasText {
			return q.jsonBatch(f, maxLine)
		}
	}
	text, bad := f.required("text")
	if bad != nil {
		return bad
	}
	return q.setMultiline(text, maxLine)
}

func (q *Request) jsonNothing(fields, int) *Refusal { return nil }

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
	return q.jsonSay(f, maxLine)
}

func (q *Request) jsonHistory(f fields, _ int) (bad *Refusal) {
	q.ID, q.Limit, bad = f.idAndLimit("before", false)
	return bad
}

func (q *Request) jsonSince(f fields, _ int) (bad *Refusal) {
	q.ID, q.Limit, bad = f.idAndLimit("id", true)
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

// jsonResume parses the fields of a resume, all of which are optional.
func (q *Request) jsonResume(f fields, _ int) (bad *Refusal) {
	if q.Token, _, bad = f.text("token"); bad != nil {
		return bad
	}
	if q.Name, _, bad = f.text("nick"); bad != nil {
		return bad
	}
	if q.Room, _, bad = f.text("room"); bad != nil {
		return bad
	}
	if q.Share, bad = f.boolean("share"); bad != nil {
		return bad
	}
	if q.ID, q.HasID, bad = f.integer("since"); bad == nil && q.ID < 0 {
		bad = BadRequest("since is below 0")
	}
	return bad
}

// jsonQuit parses the parting message and joins its lines.
func (q *Request) jsonQuit(f fields, maxLine int) *Refusal {
	text, _, bad := f.text("text")
	if bad != nil || !clean.Visible(text) {
		return bad
	}
	bad = q.setMultiline(text, maxLine)
	q.Text = strings.ReplaceAll(q.Text, "\n", " ")
	return bad
}
