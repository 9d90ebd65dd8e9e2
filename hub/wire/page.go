package wire

import (
	"slices"
	"strconv"
)

// MaxAnswer bounds the size of the list in an answer, in bytes. It leaves room for the rest
// of the answer within 60 KiB.
const MaxAnswer = 60<<10 - 512

// A Page is a list of stored messages that fits into an answer, with its JSON encoding. It
// is immutable and may be shared by several answers.
type Page struct {
	Fits []*Message // the messages of the page, in the order in which they were found

	found   []*Message // the messages that were to be in the page
	fromEnd bool
	json    []byte // Fits as a JSON array
}

// NewPage returns a page of as many found messages as fit into an answer, at least one: the
// last of them if fromEnd is set, otherwise the first. The page retains found.
func NewPage(found []*Message, fromEnd bool) *Page {
	p := &Page{found: found, fromEnd: fromEnd}
	var buf []byte
	var ends []int // of the messages in buf
	for i := range found {
		m := found[i]
		if fromEnd {
			m = found[len(found)-1-i]
		}
		buf = m.AppendJSON(buf)
		if len(buf)+len(ends) >= MaxAnswer && i > 0 {
			break
		}
		ends = append(ends, len(buf))
	}
	n := len(ends)
	p.Fits = found[:n]
	p.json = append(make([]byte, 0, len(buf)+n+2), '[')
	if fromEnd {
		p.Fits = found[len(found)-n:]
	}
	for i := range n {
		k := i
		if fromEnd {
			k = n - 1 - i
		}
		start := 0
		if k > 0 {
			start = ends[k-1]
		}
		if i > 0 {
			p.json = append(p.json, ',')
		}
		p.json = append(p.json, buf[start:ends[k]]...)
	}
	p.json = append(p.json, ']')
	return p
}

// Has reports whether p equals NewPage(found, fromEnd). A nil page equals none.
func (p *Page) Has(found []*Message, fromEnd bool) bool {
	return p != nil && p.fromEnd == fromEnd && slices.Equal(p.found, found)
}

// HistoryAnswer answers a request for stored messages. Only JSON has it; in text the
// messages are sent as events between markers.
type HistoryAnswer struct {
	Ref  string
	Page *Page // oldest first
	More bool  // whether there are more messages in the requested direction
}

// AppendText appends nothing.
func (e *HistoryAnswer) AppendText(dst []byte) []byte { return dst }

// AppendJSON appends an object of type history.
func (e *HistoryAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "history")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "messages"), e.Page.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}

// SearchAnswer answers a search.
type SearchAnswer struct {
	Ref  string
	Page *Page // newest first
	More bool  // whether older messages may match too
}

// AppendText appends a line "= id date time from: text" for each line of each message.
func (e *SearchAnswer) AppendText(dst []byte) []byte {
	if len(e.Page.Fits) == 0 {
		return append(dst, "= no messages"...)
	}
	for i, m := range e.Page.Fits {
		if i > 0 {
			dst = append(dst, '\n')
		}
		mark := "= " + strconv.FormatInt(m.ID, 10) + m.At.UTC().Format(" 2006-01-02 15:04 ")
		dst = appendLines(dst, mark, "", "", string(m.AppendText(nil)))
	}
	if e.More {
		dst = append(dst, "\n= there are older ones: more words find them"...)
	}
	return dst
}

// AppendJSON appends an object of type search.
func (e *SearchAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "search")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "messages"), e.Page.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}
