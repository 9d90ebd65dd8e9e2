package hub

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// command describes a slash command of the text format.
type command struct {
	verb  verb
	args  string // its usage behind the name
	about string
}

// commands are those of the text format, in the order in which /help tells them.
var commands = []command{
	{verbNick, "NAME", "take a name"},
	{verbMe, "ACTION", "say it as an action"},
	{verbJoin, "ROOM", "leave this room and enter that one"},
	{verbWho, "", "who is here"},
	{verbRooms, "", "which rooms have people"},
	{verbMsg, "NAME TEXT", "a private message to one person in any room"},
	{verbHistory, "[N]", "the last N messages again (20)"},
	{verbSince, "ID", "every message after ID"},
	{verbSearch, "WORDS", "the newest messages that have all these words"},
	{verbFormat, "text|json", "the format of what follows, both ways"},
	{verbVerbatim, "", "say every line that follows as it is"},
	{verbHelp, "", "this table"},
	{verbQuit, "[TEXT]", "leave"},
}

func (c command) usage() string {
	return strings.TrimSpace("/" + string(c.verb) + " " + c.args)
}

// helpLines returns the table of commands.
func helpLines() []string {
	var lines []string
	for _, c := range commands {
		lines = append(lines, fmt.Sprintf("%-17s %s", c.usage(), c.about))
	}
	return append(lines, fmt.Sprintf("%-17s %s", "//COMMAND", "say /COMMAND as a message"))
}

// parseText reads a line of the text format, of which nothing is a command if verbatim is set.
// It returns nil if the line is blank.
func parseText(line string, verbatim bool) (*request, *Refusal) {
	if blank(line) {
		return nil, nil
	}
	if verbatim {
		return command{verb: verbSay}.parse(line)
	}
	name, args, ok := cutCommand(line)
	if !ok {
		if rest, slash := strings.CutPrefix(line, "/"); slash && isCommand(rest) {
			line = rest
		}
		return command{verb: verbSay}.parse(line)
	}
	for _, c := range commands {
		if string(c.verb) == lowerASCII(name) {
			return c.parse(args)
		}
	}
	return nil, &Refusal{
		Code: CodeUnknownCommand,
		Message: fmt.Sprintf("unknown command /%s: /help lists the commands, //%[1]s says it, /verbatim says all that follows as it is",
			Quote(name, mostQuoted)),
	}
}

// parse makes a request of what comes after the command's name, or of a whole line to say.
func (c command) parse(args string) (*request, *Refusal) {
	q := &request{verb: c.verb}
	if !q.parseArgs(args) {
		return nil, badRequest("usage: %s", c.usage())
	}
	switch q.verb {
	case verbSay, verbMe, verbMsg:
		text, bad := cleanText(q.text)
		if bad != nil {
			return nil, bad
		}
		q.text = text
	case verbQuit:
		if !Visible(q.text) {
			q.text = ""
		}
		q.text = strings.TrimSpace(Clean(q.text))
	case verbSearch:
		q.text = Clean(q.text)
	}
	return q, nil
}

// cutCommand cuts a line that is a command into its name, as it is written, and its arguments,
// without the blanks between. A command is "/", an ASCII letter, then ASCII letters, digits,
// "_" or "-", and then a space, a TAB or the end of the line. Paths and comments are not.
func cutCommand(line string) (name, args string, ok bool) {
	rest, slash := strings.CutPrefix(line, "/")
	name, args = cutWord(rest)
	if !slash || !isCommandName(name) {
		return "", "", false
	}
	return name, args, true
}

// isCommand reports whether a line is a command.
func isCommand(line string) bool {
	_, _, ok := cutCommand(line)
	return ok
}

func isCommandName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return s != ""
}

// parseArgs reads what stands behind a command's name, and reports whether it may stand
// there.
func (q *request) parseArgs(args string) bool {
	switch q.verb {
	case verbSay, verbMe:
		q.text = args
		return !blank(args)
	case verbNick:
		q.name = strings.TrimSpace(args)
		return q.name != ""
	case verbJoin:
		q.name = strings.TrimPrefix(strings.TrimSpace(args), "#")
		return q.name != ""
	case verbMsg:
		q.name, q.text = cutWord(args)
		return q.name != "" && !blank(q.text)
	case verbHistory:
		if strings.TrimSpace(args) == "" {
			return true
		}
		q.limit = parseNumber(args)
		return q.limit > 0
	case verbSince:
		q.id = parseNumber(args)
		return q.id >= 0
	case verbSearch:
		q.text = strings.TrimSpace(args)
		return q.text != ""
	case verbFormat:
		q.name = lowerASCII(strings.TrimSpace(args))
		return q.name == "text" || q.name == "json"
	case verbQuit:
		q.text = strings.TrimSpace(args)
		return true
	case verbHelp:
		return true
	}
	return strings.TrimSpace(args) == ""
}

// parseNumber returns the number in s, a very large one as the largest, or -1 where it is
// none.
func parseNumber(s string) int64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return -1
	}
	return int64(n)
}

// cutWord parts s into its first word and what comes behind the white space after it.
func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}
