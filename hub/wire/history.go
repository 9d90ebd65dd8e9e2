package wire

import (
	"slices"
	"strconv"
)

// MaxAnswer bounds the size of the list in an answer, in bytes. It leaves room for the rest
// of the answer within 60 KiB.
const MaxAnswer = 60<<10 - 512

// A MessageList is the stored messages of an answer, with their JSON encoding. It is immutable
// and may be shared by several answers.
type MessageList struct {
	Messages []*Message // those of found that fit into an answer, in the same order

	found   []*Message // the arguments of NewMessageList
	fromEnd bool
	json    []byte // Messages as a JSON array
}

// NewMessageList returns a list of as many found messages as fit into an answer, at least
// one: the last of them if fromEnd is set, otherwise the first. The list retains found.
func NewMessageList(found []*Message, fromEnd bool) *MessageList {
	l := &MessageList{found: found, fromEnd: fromEnd}
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
	l.Messages = found[:n]
	l.json = append(make([]byte, 0, len(buf)+n+2), '[')
	if fromEnd {
		l.Messages = found[len(found)-n:]
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
			l.json = append(l.json, ',')
		}
		l.json = append(l.json, buf[start:ends[k]]...)
	}
	l.json = append(l.json, ']')
	return l
}

// IsFor reports whether l equals NewMessageList(found, fromEnd). It is false if l is nil.
func (l *MessageList) IsFor(found []*Message, fromEnd bool) bool {
	return l != nil && l.fromEnd == fromEnd && slices.Equal(l.found, found)
}

// HistoryAnswer answers a request for stored messages. Only JSON has it; in text the
// messages are sent as events between markers.
type HistoryAnswer struct {
	Ref  string
	List *MessageList // oldest first
	More bool         // whether there are more messages in the requested direction
}

// AppendText appends nothing.
func (e *HistoryAnswer) AppendText(dst []byte) []byte { return dst }

// AppendJSON appends an object of type history.
func (e *HistoryAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "history")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "messages"), e.List.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}

// SearchAnswer answers a search.
type SearchAnswer struct {
	Ref  string
	List *MessageList // newest first
	More bool         // whether older messages may match too
}

// AppendText appends a line "= id date time from: text" for each line of each message.
func (e *SearchAnswer) AppendText(dst []byte) []byte {
	if len(e.List.Messages) == 0 {
		return append(dst, "= no messages"...)
	}
	for i, m := range e.List.Messages {
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
	dst = append(appendName(dst, "messages"), e.List.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}
