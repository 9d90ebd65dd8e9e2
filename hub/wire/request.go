package wire

import (
	"fmt"
	"strings"

	"partyline/hub/clean"
)

// A Request is what a member asks for, in either format.
type Request struct {
	Verb   Verb
	Text   string // of a Say, Me, Msg or Quit, clean; the words of a Search
	Name   string // the nickname of a Nick or Msg, the room of a Join
	Format Format // of a Reformat
	ID     int64  // of a Since: messages after it; of a History or Search: before it, 0 for the newest
	Limit  int64  // of messages; 0 for the verb's default
	Ref    string
	Key    string
}

// setText makes text the cleaned text of q. It refuses a text of which nothing can be seen.
func (q *Request) setText(text string) *Refusal {
	if !clean.Visible(text) {
		return BadRequest("not said: nothing in it can be seen")
	}
	q.Text = clean.Text(text)
	return nil
}

// setFormat reports whether name is the name of a format, which it makes that of q.
func (q *Request) setFormat(name string) bool {
	switch name {
	case "text":
		q.Format = Text
	case "json":
		q.Format = JSON
	default:
		return false
	}
	return true
}

// maxTextLines bounds the lines of a text.
const maxTextLines = 32

// BadRequest refuses a request that makes no sense.
func BadRequest(format string, args ...any) *Refusal {
	return &Refusal{Code: CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// setTextOfLines makes text, which may have several lines, the cleaned text of q.
func (q *Request) setTextOfLines(text string, maxLine int) *Refusal {
	if len(text) > maxLine {
		return TooLong(maxLine)
	}
	if bad := q.setText(strings.ReplaceAll(text, "\r", "")); bad != nil {
		return bad
	}
	q.Text = strings.Trim(q.Text, "\n") // after cleaning, which may empty the first and last lines
	if strings.Count(q.Text, "\n") >= maxTextLines {
		return BadRequest("a text has at most %d lines", maxTextLines)
	}
	return nil
}

// TooLong refuses a line of more than max bytes.
func TooLong(max int) *Refusal {
	return &Refusal{Code: CodeLineTooLong, Message: fmt.Sprintf("line too long: at most %d bytes", max)}
}

// MaxMessage returns the bytes that a JSON line or a WebSocket message may have where a
// line of text may have maxLine.
func MaxMessage(maxLine int) int { return 8*maxLine + 1024 }
