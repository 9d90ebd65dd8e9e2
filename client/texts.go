package client

import (
	"cmp"
	"strconv"
)

// Limits of what a server takes in one request: the fields of a welcome. They are 0 if the server does not know
// requests with several texts.
type limits struct {
	Texts int `json:"texts"`
	Bytes int `json:"bytes"`
}

// maxBytes is the largest size of a request with several texts. Larger ones would not be cheaper.
const maxBytes = 8 << 10

// lineFrom returns the line of a request, and marks it as sent. If it is a message, the line also has those after
// it that fit, at most max in all. It returns the number of requests.
func (o *outbox) lineFrom(start, max int) (line []byte, n int) {
	r := o.requests[start]
	r.sent = true
	if r.text == nil {
		return r.line, 1
	}
	size := len(r.text)
	for n = 1; n < max && start+n < len(o.requests); n++ {
		r := o.requests[start+n]
		if r == nil || r.sent || r.text == nil {
			break
		}
		if size += 1 + len(r.text); size+128 > min(o.limits.Bytes, maxBytes) {
			break
		}
		r.sent = true
	}
	from := len(o.lines)
	o.lines = o.appendTexts(o.lines, o.requests[start:start+n], o.first+uint64(start))
	return o.lines[from:], n
}

// appendTexts appends the line of messages, the first of which has a number.
func (o *outbox) appendTexts(dst []byte, messages []*request, number uint64) []byte {
	if len(messages) == 1 {
		dst = append(append(dst, `{"type":"say","text":`...), messages[0].text...)
		return append(o.appendName(append(dst, `,"key":"`...), number), "\"}\n"...)
	}
	dst = append(dst, `{"type":"say","texts":[`...)
	for i, r := range messages {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, r.text...)
	}
	dst = append(append(dst, `],"key":"`...), o.keyPrefix()...)
	return append(strconv.AppendUint(append(dst, `","number":`...), number, 10), "}\n"...)
}

// size returns a size in bytes by which requests can be compared.
func (r *request) size() int { return max(len(r.line), len(r.text)) }

// A textError says why one of several texts was not said.
type textError struct {
	Index int `json:"index"`
	Error
}

// answerTextsLocked appends the answers of the requests that o, an ack for several texts, answers. The error ends
// the link.
func (s *session) answerTextsLocked(o *object, answers []answered) ([]answered, error) {
	if o.Key != s.outbox.keyPrefix() || o.Number < 0 {
		return answers, nil
	}
	failures := make(map[int]*Error, len(o.Errors))
	for i := range o.Errors {
		failures[o.Errors[i].Index] = &o.Errors[i].Error
	}
	var held *Error
	for i, id := range o.IDs {
		number := uint64(o.Number) + uint64(i)
		bad := failures[i]
		if bad != nil {
			bad.Key = string(s.outbox.appendName(nil, number))
			if s.holdLocked(bad) {
				held = cmp.Or(held, bad)
				continue
			}
		}
		if r := s.outbox.remove(number); r != nil {
			s.answeredLocked(r, bad == nil)
			a := answered{request: r, object: o, id: id}
			if bad != nil {
				a.id, a.err = 0, bad
			}
			answers = append(answers, a)
		}
	}
	return answers, s.heldLocked(held)
}
