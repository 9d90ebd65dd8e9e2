package web

import (
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"time"

	"partyline/hub/names"
)

// A historyView is what a page of the history shows.
type historyView struct {
	Root     string // the relative path to the page of the chat, "../" or longer
	Room     string
	Messages []HistoryMessage // oldest first
	Current  int64            // the id of the message that the page is about; 0 for none

	// What there is beyond the messages. First and Last are the ids from which the links go on.
	First, Last          int64
	HasEarlier, HasLater bool
	IsNewest             bool // the page is that of the newest messages
}

// log returns the relative URL of the newest messages.
func (v *historyView) log() string { return v.Root + "log/" + url.PathEscape(v.Room) }

// earlier and later return the relative URLs of the messages before and after those of this page.
func (v *historyView) earlier() string { return fmt.Sprintf("%s?before=%d", v.log(), v.First) }
func (v *historyView) later() string   { return fmt.Sprintf("%s?after=%d", v.log(), v.Last) }

// links returns a Link header (RFC 8288) with the pages before and after this one.
func (v *historyView) links() string {
	var links []string
	if v.HasEarlier {
		links = append(links, fmt.Sprintf(`<%s>; rel="prev"`, v.earlier()))
	}
	if v.HasLater {
		links = append(links, fmt.Sprintf(`<%s>; rel="next"`, v.later()))
	}
	return strings.Join(links, ", ")
}

// text returns the messages with a line "id date time from: text" for each line of each message.
func (v *historyView) text() []byte {
	var b []byte
	for _, m := range v.Messages {
		for line := range strings.SplitSeq(m.Lines, "\n") {
			b = strconv.AppendInt(b, m.ID, 10)
			b = m.At.UTC().AppendFormat(b, " 2006-01-02 15:04 ")
			b = append(append(b, line...), '\n')
		}
	}
	return b
}

// continues reports whether the name of the author is above a message that follows last.
func (m *HistoryMessage) continues(last HistoryMessage) bool {
	const pause = 5 * time.Minute
	return m.From == last.From && !m.Action && !last.Action && m.At.Sub(last.At) < pause
}

// hueClass returns the number of the class in log.css that has about the hue of a name.
func hueClass(name string) int {
	const step = 15 // degrees
	return names.Hue(name) / step
}

// fit returns as many messages as fit into a page, at least one: the first of them, or the last if
// fromEnd is set. The result is the same for both forms of the page.
func fit(found []HistoryMessage, fromEnd bool) []HistoryMessage {
	size := 0
	for i := range found {
		m := &found[i]
		if fromEnd {
			m = &found[len(found)-1-i]
		}
		if size += m.size(); size > historyBytes && i > 0 {
			if fromEnd {
				return found[len(found)-i:]
			}
			return found[:i]
		}
	}
	return found
}

// size returns a bound of what a message takes in either form of a page, in bytes.
func (m *HistoryMessage) size() int {
	const element, prefix = 400, 40
	text := len(m.Lines) + prefix*(1+strings.Count(m.Lines, "\n"))
	return max(text, element+len(html.EscapeString(m.From))+len(html.EscapeString(m.Text)))
}
