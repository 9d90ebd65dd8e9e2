package wire

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Message is what a member said in a room. It is immutable after the journal accepted it.
type Message struct {
	ID   int64 // unique in the room and increasing, below 2^53; the journal assigns it
	At   time.Time
	Room string
	From string // the nickname
	Via  string // the transport
	Text string // clean; LF separates its lines

	Action   bool // said with /me
	Unstored bool // delivered, but not in history
}

// Check returns an error if a client that shows the message could take it for anything else. It is for messages
// that do not come from the hub.
func (m *Message) Check() error {
	switch {
	case m.From == "" || !utf8.ValidString(m.From) || strings.ContainsFunc(m.From, notInNick):
		return errors.New("from is not a nickname")
	case strings.ContainsFunc(m.Via, notInNick) || len(m.Via) > MaxToken:
		return errors.New("via is not a transport")
	case m.Text == "" || CleanText(m.Text) != m.Text:
		return errors.New("text is empty, or has characters that the server removes")
	}
	return nil
}

// notInNick reports whether a character is in no nickname.
func notInNick(c rune) bool {
	return !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && !strings.ContainsRune("_-.", c)
}

// AppendText appends "from: text", or "~ from text" if m is an action.
func (m *Message) AppendText(dst []byte) []byte {
	if m.Action {
		return appendLines(dst, "~ ", m.From, " ", m.Text)
	}
	return appendLines(dst, "", m.From, ": ", m.Text)
}

// AppendJSON appends an object of type message or action.
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

// A Private is a message from one member to another. It is not stored.
type Private struct {
	At       time.Time
	From, To string // nicknames
	Text     string // clean; LF separates its lines
	Sent     bool   // this copy is the sender's
}

// AppendText appends "from -> you: text", or "you -> to: text" for the sender's copy.
func (p *Private) AppendText(dst []byte) []byte {
	if p.Sent {
		return appendLines(dst, "you -> ", p.To, ": ", p.Text)
	}
	return appendLines(dst, "", p.From, " -> you: ", p.Text)
}

// AppendJSON appends an object of type private. Both copies are the same.
func (p *Private) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "private")
	dst = appendTime(dst, "at", p.At)
	dst = appendString(dst, "from", p.From)
	dst = appendString(dst, "to", p.To)
	dst = appendString(dst, "text", p.Text)
	return append(dst, '}')
}

// appendLines appends each line of text after the prefix mark+name+separator, so that no line
// of a message can imitate another event.
func appendLines(dst []byte, mark, name, separator, text string) []byte {
	for {
		line, rest, more := strings.Cut(text, "\n")
		dst = append(dst, mark...)
		dst = append(dst, name...)
		dst = append(dst, separator...)
		dst = append(dst, line...)
		if !more {
			return dst
		}
		dst = append(dst, '\n')
		text = rest
	}
}

func appendCount(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
