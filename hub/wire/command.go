package wire

import (
	"fmt"
	"strings"
)

// A Verb names a kind of request. It is the type of a JSON request, and the name of a
// command in text, after the slash.
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
	VerbResume   Verb = "resume"
	VerbQuit     Verb = "quit"
)

// A Cost says how much of its allowance a member pays for a request.
type Cost uint8

// The costs.
const (
	Idle   Cost = iota // does not reach any client and has no answer
	Plain              // one line
	Costly             // affects other clients, or costs the server much more than a line
)

// A command is everything that this package knows about a verb.
type command struct {
	verb Verb
	args string // the arguments, as the usage shows them
	help string // the description in /help
	cost Cost

	// text parses the arguments of a command in text into q. It returns errUsage if they
	// are wrong. The argument of say is the whole line. It is nil if only JSON has the verb.
	text func(q *Request, args string) *Refusal
	// json parses the fields of a JSON object into q. It is nil if only text has the verb.
	json func(q *Request, f fields, maxLine int) *Refusal
}

// errUsage makes parseArgs return a refusal that names the usage of the command.
var errUsage = &Refusal{}

// commands is the table of commands, in the order of /help. In text, say has no name.
var commands = []command{
	{VerbSay, "", "", Plain, (*Request).textSay, (*Request).jsonSay},
	{VerbNick, "NAME", "take a name", Costly, (*Request).textName, jsonName("nick")},
	{VerbMe, "ACTION", "say it as an action", Plain, (*Request).textSay, (*Request).jsonSay},
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
	{VerbResume, "", "", Costly, nil, (*Request).jsonResume},
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

// usage returns the name and the arguments of the command, such as "/nick NAME".
func (c *command) usage() string { return strings.TrimSpace("/" + string(c.verb) + " " + c.args) }

// isNamed reports whether text has a command with the name of the verb.
func (c *command) isNamed() bool { return c.text != nil && c.verb != VerbSay }

// Verbs returns all verbs in the order of the table, so that a test of a dispatcher can check
// that it handles each of them.
func Verbs() []Verb {
	verbs := make([]Verb, len(commands))
	for i := range commands {
		verbs[i] = commands[i].verb
	}
	return verbs
}

// HelpLines returns the answer to /help.
func HelpLines() []string {
	var lines []string
	for i := range commands {
		if c := &commands[i]; c.isNamed() {
			lines = append(lines, helpLine(c.usage(), c.help))
		}
	}
	return append(lines, helpLine("//COMMAND", "say /COMMAND as a message"))
}

func helpLine(usage, help string) string { return fmt.Sprintf("%-17s %s", usage, help) }
