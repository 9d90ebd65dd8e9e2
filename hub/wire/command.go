package wire

import (
	"fmt"
	"strings"
)

// A Verb says what a request asks for. It is the type of a JSON request, and the name of a
// command after its slash.
type Verb string

// The verbs.
const (
	VerbSay      Verb = "say"
	VerbMe       Verb = "me"
	VerbNick     Verb = "nick"
	VerbJoin     Verb = "join"
	VerbWho      Verb = "who"
	VerbRooms    Verb = "rooms"
	VerbMsg      Verb = "msg"
	VerbHistory  Verb = "history"
	VerbSince    Verb = "since"
	VerbSearch   Verb = "search"
	VerbFormat   Verb = "format"
	VerbVerbatim Verb = "verbatim"
	VerbHelp     Verb = "help"
	VerbQuit     Verb = "quit"
)

// A command is one verb: how a request is written in either format, what /help says about
// it, and what it costs.
type command struct {
	verb Verb
	args string // its usage after the name
	help string
	cost Cost

	// text reads the arguments of a command into q. It returns usage if they are wrong.
	// Say's argument is the line.
	text func(q *Request, args string) *Refusal
	// json reads the fields of a JSON object into q; nil if the JSON format lacks the verb.
	json func(q *Request, f fields, maxLine int) *Refusal
}

// usage stands for a refusal that names the usage of the command.
var usage = &Refusal{}

// commands lists the verbs in the order of /help. Say has no name in the text format.
var commands = []command{
	{VerbSay, "", "", Plain, (*Request).textToSay, (*Request).jsonToSay},
	{VerbNick, "NAME", "take a name", Costly, (*Request).textName, jsonName("nick")},
	{VerbMe, "ACTION", "say it as an action", Plain, (*Request).textToSay, (*Request).jsonToSay},
	{VerbJoin, "ROOM", "leave this room and enter that one", Costly, (*Request).textRoom, jsonName("room")},
	{VerbWho, "", "who is here", Plain, (*Request).textNothing, (*Request).jsonNothing},
	{VerbRooms, "", "which rooms have people", Costly, (*Request).textNothing, (*Request).jsonNothing},
	{VerbMsg, "NAME TEXT", "a private message to one person in any room", Costly, (*Request).textMsg, (*Request).jsonMsg},
	{VerbHistory, "[N]", "the last N messages again (20)", Costly, (*Request).textHistory, (*Request).jsonHistory},
	{VerbSince, "ID", "every message after ID", Costly, (*Request).textSince, (*Request).jsonSince},
	{VerbSearch, "WORDS", "the newest messages that have all these words", Costly, (*Request).textSearch, (*Request).jsonSearch},
	{VerbFormat, "text|json", "the format of what follows, both ways", Plain, (*Request).textFormat, (*Request).jsonFormat},
	{VerbVerbatim, "", "say every line that follows as it is", Plain, (*Request).textNothing, nil},
	{VerbHelp, "", "this table", Plain, (*Request).textAnything, nil},
	{VerbQuit, "[TEXT]", "leave", Plain, (*Request).textQuit, (*Request).jsonQuit},
}

// commandFor returns the command with a verb, or nil.
func commandFor(v Verb) *command {
	for i := range commands {
		if commands[i].verb == v {
			return &commands[i]
		}
	}
	return nil
}

// usage returns how the command is written.
func (c *command) usage() string { return strings.TrimSpace("/" + string(c.verb) + " " + c.args) }

// Verbs returns all verbs, in the order of /help.
func Verbs() []Verb {
	var verbs []Verb
	for i := range commands {
		verbs = append(verbs, commands[i].verb)
	}
	return verbs
}

// HelpLines returns the lines of /help.
func HelpLines() []string {
	var lines []string
	for i := range commands {
		if c := &commands[i]; c.verb != VerbSay {
			lines = append(lines, helpLine(c.usage(), c.help))
		}
	}
	return append(lines, helpLine("//COMMAND", "say /COMMAND as a message"))
}

func helpLine(usage, help string) string { return fmt.Sprintf("%-17s %s", usage, help) }
