package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"partyline/hub/clean"
)

// ParseText parses a line of the text format. It returns nil, nil if the line is blank. If
// verbatim is set, the line is a message even if it looks like a command.
func ParseText(line string, verbatim bool) (*Request, *Refusal) {
	if isBlank(line) {
		return nil, nil
	}
	if verbatim {
		return parseArgs(commandFor(VerbSay), line)
	}
	name, args, ok := cutCommand(line)
	if !ok {
		if rest, slash := strings.CutPrefix(line, "/"); slash && isCommand(rest) {
			line = rest
		}
		return parseArgs(commandFor(VerbSay), line)
	}
	c := commandFor(Verb(strings.ToLower(name)))
	if c == nil || !c.isNamed() {
		return nil, &Refusal{
			Code: CodeUnknownCommand,
			Message: fmt.Sprintf("unknown command /%s: /help lists the commands, //%[1]s says it, /verbatim says all that follows as it is",
				clean.Quote(name, clean.QuoteMax)),
		}
	}
	return parseArgs(c, args)
}

// parseArgs parses the arguments of a command.
func parseArgs(c *command, args string) (*Request, *Refusal) {
	q := &Request{Verb: c.verb}
	bad := c.text(q, args)
	switch bad {
	case nil:
		return q, nil
	case errUsage:
		bad = BadRequest("usage: %s", c.usage())
	}
	return nil, bad
}

// cutCommand splits a line that is a command into its name, as written, and its arguments,
// without the blanks between them. A command is "/", an ASCII letter, then ASCII letters, digits,
// "_" or "-", and then a space, a TAB or the end of the line. So "/etc/passwd" and "// x" are
// not commands.
func cutCommand(line string) (name, args string, ok bool) {
	rest, slash := strings.CutPrefix(line, "/")
	name, args = cutWord(rest)
	if !slash || !isCommandName(name) {
		return "", "", false
	}
	return name, args, true
}

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

// textSay parses the text of a message or an action.
func (q *Request) textSay(args string) *Refusal {
	if isBlank(args) {
		return errUsage
	}
	return q.setText(args)
}

func (q *Request) textName(args string) *Refusal {
	q.Name = strings.TrimSpace(args)
	return usageIf(q.Name == "")
}

func (q *Request) textRoom(args string) *Refusal {
	q.Name = strings.TrimPrefix(strings.TrimSpace(args), "#")
	return usageIf(q.Name == "")
}

func (q *Request) textMsg(args string) *Refusal {
	var text string
	q.Name, text = cutWord(args)
	if q.Name == "" || isBlank(text) {
		return errUsage
	}
	return q.setText(text)
}

func (q *Request) textHistory(args string) *Refusal {
	if isBlank(args) {
		return nil
	}
	q.Limit = ParseNumber(args)
	return usageIf(q.Limit <= 0)
}

func (q *Request) textSince(args string) *Refusal {
	q.ID = ParseNumber(args)
	return usageIf(q.ID < 0)
}

func (q *Request) textSearch(args string) *Refusal {
	args = strings.TrimSpace(args)
	q.Text = clean.Text(args)
	return usageIf(args == "")
}

func (q *Request) textFormat(args string) *Refusal {
	return usageIf(!q.setFormat(strings.ToLower(strings.TrimSpace(args))))
}

func (q *Request) textQuit(args string) *Refusal {
	if clean.Visible(args) {
		q.Text = strings.TrimSpace(clean.Text(strings.TrimSpace(args)))
	}
	return nil
}

func (q *Request) textNothing(args string) *Refusal { return usageIf(!isBlank(args)) }

func (q *Request) textAnything(string) *Refusal { return nil }

func usageIf(wrong bool) *Refusal {
	if wrong {
		return errUsage
	}
	return nil
}

// isBlank reports whether s is empty or only white space.
func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// ParseNumber returns the decimal number in s, which may have white space around it. It
// returns the largest int64 if the number is larger, and -1 if s is not a number.
func ParseNumber(s string) int64 {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return -1
	}
	return int64(n)
}

// cutWord splits s into its first word and the rest, without the blanks between them.
func cutWord(s string) (word, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}
