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

// A checker reads the events of a Client in the form that the table uses: each line of text
// is an event of its own, the sender's name is ME, and values that no test can predict are
// omitted.
type checker struct {
	client Client
	json   bool
	name   string   // the sender's; if empty, the first guest name in an event
	ahead  []string // received, but not returned by next yet
}

var guest = regexp.MustCompile(`guest-[0-9a-z]{4}`)

// next returns the next event, or how the connection ended.
func (c *checker) next() (line, end string) {
	for len(c.ahead) == 0 {
		event, end := c.client.Receive()
		if end != "" {
			return "", end
		}
		if c.name == "" {
			c.name = guest.FindString(event)
		}
		if c.json {
			c.ahead = []string{c.summary(event)}
			break
		}
		for line := range strings.SplitSeq(event, "\n") {
			line = strings.ReplaceAll(line, c.name, "ME")
			c.ahead = append(c.ahead, strings.ReplaceAll(unquoted(line), `\"`, `"`))
		}
	}
	line = c.ahead[0]
	c.ahead = c.ahead[1:]
	return line, ""
}

// readTo returns the events up to the first one that contains part.
func (c *checker) readTo(t *testing.T, part string) (events []string) {
	t.Helper()
	for {
		line, end := c.next()
		if end != "" {
			t.Fatalf("the connection ended with %q after %q", end, events)
		}
		events = append(events, line)
		if strings.Contains(line, part) {
			return events
		}
	}
}

// readToEnd returns the remaining events, and how the connection ended.
func (c *checker) readToEnd(t *testing.T) (events []string, end string) {
	t.Helper()
	for {
		line, end := c.next()
		if end != "" {
			return events, end
		}
		if strings.Contains(line, sentinel) {
			t.Fatal("the connection did not end")
		}
		events = append(events, line)
	}
}

// answersFirst moves short answers to the front, because they may arrive before or after the
// events of the room.
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

// summary returns a JSON event as its type and the fields that the table shows.
func (c *checker) summary(event string) string {
	var fields map[string]any
	if err := json.Unmarshal([]byte(event), &fields); err != nil {
		return "not JSON: " + event
	}
	line := fmt.Sprint(fields["type"])
	if line == "error" {
		line += " " + fmt.Sprint(fields["code"])
	}
	for _, name := range []string{
		"ref", "key", "number", "id", "ids", "errors", "from", "nick", "to", "text", "after", "missed", "lost", "messages", "more", "rooms", "reason",
	} {
		value, given := fields[name]
		switch v := value.(type) {
		case nil:
			if given {
				line += " " + name + "=null"
			}
		case string:
			if v == c.name && name != "text" {
				continue
			}
			line += " " + name + "=\"" + unquoted(v) + "\""
		case []any:
			line += fmt.Sprintf(" %s=%d", name, len(v))
		case float64:
			if name == "id" { // can't be predicted
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

// unquoted returns s with Go's escapes, without quotes.
func unquoted(s string) string {
	s = strconv.Quote(s)
	return s[1 : len(s)-1]
}
