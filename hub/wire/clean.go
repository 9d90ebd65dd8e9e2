package wire

import (
	"strings"

	"partyline/hub/clean"
)

// CleanText returns a clean form of a text that another program sent, as the text of a Message is:
// valid UTF-8 without escape sequences, without bidirectional overrides, and without control
// characters except TAB and LF. If s is clean, CleanText returns it without copying.
func CleanText(s string) string { return clean.Text(strings.ToValidUTF8(s, "\uFFFD")) }

// CleanLine is CleanText for a name or an error: it is one line, in which spaces replace TAB and LF.
func CleanLine(s string) string { return oneLine.Replace(CleanText(s)) }

var oneLine = strings.NewReplacer("\t", " ", "\n", " ")
