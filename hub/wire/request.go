package wire

import (
	"strings"

	"partyline/hub/clean"
)

// A Request is what a member asks for in one line of either format. Its Text is clean; its
// Name is as the member wrote it.
type Request struct {
	Verb   Verb
	Text   string // of say, me, msg and quit; the words of search
	Name   string // the nickname of nick, msg and resume, the room of join
	Room   string // of resume
	Token  string // of resume
	Share  bool   // of resume: the member's connections in other rooms stay
	Format Format // of format
	ID     int64  // since, and resume if HasID: only messages after it; history, search: only messages before it, 0 for the newest
	HasID  bool   // resume: the ID was given
	Limit  int64  // messages that history, since and search return; 0 for the default
	Ref    string // repeated in the answer
	Key    string // identifies a message, so that a client can send it again
	Batch  *Batch // say: in place of Text; nil for one text
}

// Lines returns how many lines q counts as for the rate limit.
func (q *Request) Lines() int {
	if q == nil || q.Batch == nil {
		return 1
	}
	return len(q.Batch.Texts)
}

// MaxTextLines is the largest number of lines of a text.
const MaxTextLines = 32

// MaxMessage returns the largest size in bytes of a JSON line or a WebSocket message if a
// line of text may have maxLine bytes.
func MaxMessage(maxLine int) int { return 8*maxLine + 1024 }

// Cost returns what q costs a member that uses format f. A nil request, that of a blank
// line, is Idle.
func (q *Request) Cost(f Format) Cost {
	switch {
	case q == nil:
		return Idle
	case q.Verb == VerbFormat && f == Text && q.Format == Text: // changes nothing and has no answer
		return Idle
	}
	return commandFor(q.Verb).cost
}

// setText cleans text and stores it in q. It refuses a text without a visible character.
func (q *Request) setText(text string) (bad *Refusal) {
	q.Text, bad = cleanVisible(text)
	return bad
}

func cleanVisible(text string) (string, *Refusal) {
	if !clean.Visible(text) {
		return "", BadRequest("not said: nothing in it can be seen")
	}
	return clean.Text(text), nil
}

// setMultiline is like setText for a text that may have several lines.
func (q *Request) setMultiline(text string, maxLine int) (bad *Refusal) {
	q.Text, bad = cleanMultiline(text, maxLine)
	return bad
}

// cleanMultiline cleans a text that may have several lines. It refuses a text without a visible
// character, or of more than maxLine bytes or MaxTextLines lines.
func cleanMultiline(text string, maxLine int) (string, *Refusal) {
	if len(text) > maxLine {
		return "", TooLong(maxLine)
	}
	text, bad := cleanVisible(strings.ReplaceAll(text, "\r", ""))
	if bad != nil {
		return "", bad
	}
	text = strings.Trim(text, "\n") // cleaning may empty the first and last lines
	if strings.Count(text, "\n") >= MaxTextLines {
		return "", BadRequest("a text has at most %d lines", MaxTextLines)
	}
	return text, nil
}

// setFormat stores the format with a name in q. It reports whether the name is known.
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
