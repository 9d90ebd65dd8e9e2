package hub

import (
	"fmt"
	"strings"
)

// verb says what a request asks for.
type verb string

// The verbs are named as the types of JSON requests and as commands are.
const (
	verbSay      verb = "say"
	verbMe       verb = "me"
	verbNick     verb = "nick"
	verbJoin     verb = "join"
	verbWho      verb = "who"
	verbRooms    verb = "rooms"
	verbMsg      verb = "msg"
	verbHistory  verb = "history"
	verbSince    verb = "since"
	verbSearch   verb = "search"
	verbFormat   verb = "format"
	verbVerbatim verb = "verbatim"
	verbHelp     verb = "help"
	verbQuit     verb = "quit"
)

// A request is what a member asks for, in whichever format it did.
type request struct {
	verb  verb
	text  string // say, me, msg, quit; clean. Of a search its words
	name  string // of a nick, join, msg or format
	id    int64  // since: after it; history and search: before it, 0 for the newest
	limit int64  // of messages; 0 for the verb's own default
	ref   string
	key   string
}

const maxTextLines = 32

func badRequest(format string, args ...any) *Refusal {
	return &Refusal{Code: CodeBadRequest, Message: fmt.Sprintf(format, args...)}
}

// prepareText makes the text of a message out of one that came in a request, or tells why
// it can't be one.
func prepareText(text string, maxLine int) (string, *Refusal) {
	if len(text) > maxLine {
		return "", tooLong(maxLine)
	}
	text, bad := cleanText(strings.ReplaceAll(text, "\r", ""))
	if bad != nil {
		return "", bad
	}
	text = strings.Trim(text, "\n") // after cleaning, which may empty the lines at the ends
	if strings.Count(text, "\n") >= maxTextLines {
		return "", badRequest("a text has at most %d lines", maxTextLines)
	}
	return text, nil
}

// cleanText returns a text as it is said, or a refusal if nothing in it can be seen.
func cleanText(text string) (string, *Refusal) {
	if !Visible(text) {
		return "", badRequest("not said: nothing in it can be seen")
	}
	return Clean(text), nil
}

func tooLong(max int) *Refusal {
	return &Refusal{Code: CodeLineTooLong, Message: fmt.Sprintf("line too long: at most %d bytes", max)}
}
