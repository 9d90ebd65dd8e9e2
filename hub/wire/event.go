package wire

import (
	"strconv"
	"strings"
	"time"
)

// An Event is something that members are told. It knows its two formats; framing them
// is a Codec's work.
type Event interface {
	// AppendText appends the event as lines for people, with LF between them and none
	// at the end; nothing where the text format does not tell it.
	AppendText(dst []byte) []byte
	// AppendJSON appends the event as one JSON object without line endings; nothing
	// where the JSON format does not tell it.
	AppendJSON(dst []byte) []byte
}

// A Message is what somebody said in a room. It is immutable once the journal has it.
type Message struct {
	ID   int64 // its place in the room, given by the journal; grows, below 2^53
	At   time.Time
	Room string
	From string
	Via  string
	Text string // clean; lines parted by LF

	Action   bool // "/me": told as something that From does
	Unstored bool // it is heard, but history does not have it
}

func (m *Message) AppendText(dst []byte) []byte {
	if m.Action {
		return appendLines(dst, "~ ", m.From, " ", m.Text)
	}
	return appendLines(dst, "", m.From, ": ", m.Text)
}

func (m *Message) AppendJSON(dst []byte) []byte {
	typ := "message"
	if m.Action {
		typ = "action"
	}
	dst = openObject(dst, typ)
	dst = appendInt(dst, "id", m.ID)
	dst = appendTime(dst, "at", m.At)
	dst = appendString(dst, "room", m.Room)
	dst = appendString(dst, "from", m.From)
	dst = appendString(dst, "via", m.Via)
	dst = appendString(dst, "text", m.Text)
	if m.Unstored {
		dst = appendBool(dst, "stored", false)
	}
	return append(dst, '}')
}

// Private is a message from one person to another, which nobody stores.
type Private struct {
	At       time.Time
	From, To string
	Text     string
	Sent     bool // this copy is for the one who sent it
}

func (p *Private) AppendText(dst []byte) []byte {
	if p.Sent {
		return appendLines(dst, "you -> ", p.To, ": ", p.Text)
	}
	return appendLines(dst, "", p.From, " -> you: ", p.Text)
}

func (p *Private) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "private")
	dst = appendTime(dst, "at", p.At)
	dst = appendString(dst, "from", p.From)
	dst = appendString(dst, "to", p.To)
	dst = appendString(dst, "text", p.Text)
	return append(dst, '}')
}

// Ping is a sign of life for clients that can't see a dead link otherwise.
type Ping struct {
	Idle bool // nothing else was told for pingEvery: in JSON it is told then alone
}

func (Ping) AppendText(dst []byte) []byte { return dst }

func (e Ping) AppendJSON(dst []byte) []byte {
	if !e.Idle {
		return dst
	}
	return append(openObject(dst, "ping"), '}')
}

// appendLines writes each line of text behind the whole prefix, so that no line of a
// message can pass for something else.
func appendLines(dst []byte, mark, name, colon, text string) []byte {
	for {
		line, rest, more := strings.Cut(text, "\n")
		dst = append(dst, mark...)
		dst = append(dst, name...)
		dst = append(dst, colon...)
		dst = append(dst, line...)
		if !more {
			return dst
		}
		dst = append(dst, '\n')
		text = rest
	}
}

func appendCount(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
