package hubtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// An ear hears what a Client is told in the words of the table: the sender's name is ME,
// what nobody can foresee is left out, and each line of a text is one by itself.
type ear struct {
	client Client
	json   bool
	name   string // the sender's
	ahead  []string
}

var guest = regexp.MustCompile(`guest-[0-9a-z]{4}`)

// next returns the next line, or how the connection ended.
func (e *ear) next() (line, end string) {
	for len(e.ahead) == 0 {
		event, end := e.client.Receive()
		if end != "" {
			return "", end
		}
		if e.name == "" {
			e.name = guest.FindString(event)
		}
		if e.json {
			e.ahead = []string{e.summary(event)}
			break
		}
		for line := range strings.SplitSeq(event, "\n") {
			line = strings.ReplaceAll(line, e.name, "ME")
			e.ahead = append(e.ahead, strings.ReplaceAll(unquoted(line), `\"`, `"`))
		}
	}
	line = e.ahead[0]
	e.ahead = e.ahead[1:]
	return line, ""
}

// listen returns what is heard up to a line that has a part.
func (e *ear) listen(t *testing.T, part string) (heard []string) {
	t.Helper()
	for {
		line, end := e.next()
		if end != "" {
			t.Fatalf("the end is %q, behind %q", end, heard)
		}
		heard = append(heard, line)
		if strings.Contains(line, part) {
			return heard
		}
	}
}

func (e *ear) listenToEnd(t *testing.T) (heard []string, end string) {
	t.Helper()
	for {
		line, end := e.next()
		if end != "" {
			return heard, end
		}
		if strings.Contains(line, sentinel) {
			t.Fatal("the connection did not end")
		}
		heard = append(heard, line)
	}
}

// answersFirst puts short answers before everything else: they may come before or after
// what the room is told.
func answersFirst(lines []string) []string {
	rank := func(line string) int {
		for _, answer := range []string{"! ", "ack ", "error "} {
			if strings.HasPrefix(line, answer) {
				return 0
			}
		}
		return 1
	}
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b string) int { return rank(a) - rank(b) })
	return lines
}

// summary writes a JSON event as its type and the fields that somebody chose.
func (e *ear) summary(event string) string {
	var fields map[string]any
	if err := json.Unmarshal([]byte(event), &fields); err != nil {
		return "not JSON: " + event
	}
	line := fmt.Sprint(fields["type"])
	if line == "error" {
		line += " " + fmt.Sprint(fields["code"])
	}
	for _, name := range []string{
		"ref", "key", "id", "from", "nick", "to", "text", "after", "missed", "lost", "messages", "more", "rooms", "reason",
	} {
		value, given := fields[name]
		switch v := value.(type) {
		case nil:
			if given {
				line += " " + name + "=null"
			}
		case string:
			if v == e.name && name != "text" {
				continue
			}
			line += " " + name + "=\"" + unquoted(v) + "\""
		case []any:
			line += fmt.Sprintf(" %s=%d", name, len(v))
		case float64:
			if name == "id" { // nobody can foresee it
				line += " id"
				continue
			}
			line += fmt.Sprintf(" %s=%.0f", name, v)
		default:
			line += fmt.Sprintf(" %s=%v", name, v)
		}
	}
	if room := fields["room"]; line == "welcome" || strings.HasPrefix(line, "welcome ") {
		line += fmt.Sprintf(" room=%q", room)
	}
	return line
}

// unquoted shows s with Go's escapes.
func unquoted(s string) string {
	s = strconv.Quote(s)
	return s[1 : len(s)-1]
}
