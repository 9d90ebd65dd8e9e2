package wire

import (
	"encoding/json"
	"math"
	"strconv"
)

// MaxTexts is the largest number of texts in a Batch.
const MaxTexts = 64

// A Batch is the texts of one request to say several messages. Each is a message of its own.
type Batch struct {
	Texts  []BatchText
	Number int64 // the key of a text is the request's key, then this number plus the text's index, in decimal
}

// A BatchText is one text of a Batch.
type BatchText struct {
	Text string   // clean; LF separates its lines
	Bad  *Refusal // why it can't be said; nil if it can
}

// BatchKey returns the key of the text with an index in q.Batch, or "" if q has no key.
func (q *Request) BatchKey(index int) string {
	if q.Key == "" {
		return ""
	}
	key := append(make([]byte, 0, MaxToken), q.Key...)
	return string(strconv.AppendInt(key, q.Batch.Number+int64(index), 10))
}

// jsonBatch parses the texts of a say.
func (q *Request) jsonBatch(f fields, maxLine int) *Refusal {
	if q.Key == "" && q.Ref == "" {
		return BadRequest("texts need a key or a ref")
	}
	number, _, bad := f.integer("number")
	switch {
	case bad != nil:
		return bad
	case number < 0:
		return BadRequest("number is below 0")
	}
	raw, _ := f.raw("texts")
	texts, bad := cutTexts(raw, maxLine)
	if bad != nil {
		return bad
	}
	q.Batch = &Batch{texts, min(number, math.MaxInt64-MaxTexts)}
	if len(q.BatchKey(len(texts)-1)) > MaxToken {
		return BadRequest("a key with its number has more than %d bytes", MaxToken)
	}
	return nil
}

// cutTexts parses a list of texts. Only a list that is none, or that is too long, is refused as a whole.
func cutTexts(raw []byte, maxLine int) ([]BatchText, *Refusal) {
	notList := BadRequest("texts is not a list of 1 to %d strings", MaxTexts)
	if len(raw) == 0 || raw[0] != '[' {
		return nil, notList
	}
	var texts []BatchText
	for rest := raw[1:]; ; {
		element, after, _, ok := cutEscaped(skipSpace(rest))
		if !ok || len(texts) == MaxTexts {
			return nil, notList
		}
		text, bad := decodeText(element)
		if bad != nil {
			return nil, bad
		}
		text, bad = cleanMultiline(text, maxLine)
		texts = append(texts, BatchText{text, bad})
		if after = skipSpace(after); after[0] == ']' {
			return texts, nil
		}
		rest = after[1:] // after a comma
	}
}

// cutList cuts a list of strings from the start of b, which starts with a bracket. It does not check their UTF-8.
func cutList(b []byte) (list, rest []byte, ok bool) {
	for rest = b; ; {
		element, after, plain, ok := cutEscaped(skipSpace(rest[1:]))
		if after = skipSpace(after); !ok || len(after) == 0 || !plain && !json.Valid(element) {
			return nil, nil, false
		}
		switch after[0] {
		case ',':
			rest = after
		case ']':
			return b[:len(b)-len(after)+1], after[1:], true
		default:
			return nil, nil, false
		}
	}
}

// cutEscaped cuts a string, which may have escapes, with its quotation marks from the start of b. If it is not plain,
// it may be no string of JSON: escapes and control characters are not checked.
func cutEscaped(b []byte) (value, rest []byte, plain, ok bool) {
	if s, rest, ok := CutString(b); ok { // the usual case
		return b[:len(s)+2], rest, true, true
	}
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false, false
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '"':
			return b[:i+1], b[i+1:], false, true
		case '\\':
			i++
		}
	}
	return nil, nil, false, false
}

// BatchAck answers a Batch when each text is said or refused.
type BatchAck struct {
	Ref, Key string
	Number   int64       // of the Batch
	IDs      []int64     // of the messages, by the index of the text; 0 for a text that was not said
	Failures []TextError // in any order
	Unstored bool        // a message was delivered, but not stored
}

// A TextError says why one text of a Batch was not said.
type TextError struct {
	Index   int
	Refusal *Refusal
}

// AppendText appends nothing.
func (e *BatchAck) AppendText(dst []byte) []byte { return dst }

// AppendJSON appends an object of type ack.
func (e *BatchAck) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "ack")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	if e.Key != "" {
		dst = appendInt(dst, "number", e.Number)
	}
	dst = append(appendName(dst, "ids"), '[')
	for i, id := range e.IDs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, id, 10)
	}
	dst = append(dst, ']')
	if len(e.Failures) > 0 {
		dst = append(appendName(dst, "errors"), '[')
		for i, f := range e.Failures {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, '{')
			dst = appendInt(dst, "index", int64(f.Index))
			dst = appendString(dst, "code", string(f.Refusal.Code))
			dst = appendString(dst, "message", f.Refusal.Message)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	if e.Unstored {
		dst = appendBool(dst, "stored", false)
	}
	return append(dst, '}')
}
