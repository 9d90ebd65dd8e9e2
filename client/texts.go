package client

import "strconv"

// Limits of what a server takes in one request: the fields of a welcome. They are 0 if the server does not know
// requests with several texts.
type limits struct {
	Texts int `json:"texts"`
	Bytes int `json:"bytes"`
}

// maxBytes is the largest size of a request with several texts. Larger ones would not be cheaper.
const maxBytes = 8 << 10

// lineOfTexts returns a request for the first message that is not sent, and for those after it that fit. It also
// returns the number of messages.
func (o *outbox) lineOfTexts() (line []byte, n int) {
	n, size := 1, len(o.requests[o.sent].text)
	for _, r := range o.requests[o.sent+1:] {
		if r == nil || r.text == nil || n >= o.limits.Texts {
			break
		}
		if size += 1 + len(r.text); size+128 > min(o.limits.Bytes, maxBytes) {
			break
		}
		n++
	}
	start := len(o.lines)
	number := o.first + uint64(o.sent)
	if n == 1 {
		o.lines = append(append(o.lines, `{"type":"say","text":`...), o.requests[o.sent].text...)
		o.lines = append(append(o.lines, `,"key":"`...), o.prefix...)
		o.lines = strconv.AppendUint(append(o.lines, '-'), number, 10)
		o.lines = append(o.lines, '"', '}', '\n')
		return o.lines[start:], 1
	}
	o.lines = append(o.lines, `{"type":"say","texts":[`...)
	for i, r := range o.requests[o.sent : o.sent+n] {
		if i > 0 {
			o.lines = append(o.lines, ',')
		}
		o.lines = append(o.lines, r.text...)
	}
	o.lines = append(append(o.lines, `],"key":"`...), o.prefix...)
	o.lines = strconv.AppendUint(append(o.lines, `-","number":`...), number, 10)
	o.lines = append(o.lines, '}', '\n')
	return o.lines[start:], n
}

// size returns a size in bytes by which requests can be compared.
func (r *request) size() int { return max(len(r.line), len(r.text)) }

// A textError says why one of several texts was not said.
type textError struct {
	Index int `json:"index"`
	Error
}

// answerTextsLocked appends the answers of the requests that o, an ack for several texts, answers.
func (s *session) answerTextsLocked(o *object, answers []answered) []answered {
	if o.Key != s.outbox.prefix+"-" || o.Number < 0 {
		return answers
	}
	for i, id := range o.IDs {
		r := s.outbox.remove(uint64(o.Number) + uint64(i))
		if r == nil {
			continue
		}
		s.answeredLocked(r)
		a := answered{request: r, object: o, id: id}
		for _, bad := range o.Errors {
			if bad.Index == i {
				bad.Key = o.Key + strconv.FormatInt(o.Number+int64(i), 10)
				a.id, a.err = 0, &bad.Error
			}
		}
		answers = append(answers, a)
	}
	return answers
}
