package web

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
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

// A historyDay is the messages of a day.
type historyDay struct {
	Date     time.Time
	Messages []historyEntry
}

// A historyEntry is a message on a page.
type historyEntry struct {
	ID              int64
	From, Text      string
	Action, Current bool
	Class           string // of the element
	URL             string // of the page of the message
	At, Clock       string // its time, for programs and for people
}

// days returns the messages by the day, in UTC.
func (v *historyView) days() (days []historyDay) {
	var last HistoryMessage
	for _, m := range v.Messages {
		m.At = m.At.UTC()
		if len(days) == 0 || !sameDay(m.At, last.At) {
			days = append(days, historyDay{Date: m.At})
			last = HistoryMessage{}
		}
		day := &days[len(days)-1]
		day.Messages = append(day.Messages, v.entry(m, last))
		last = m
	}
	return days
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

// entry returns the entry of a message that follows last on the same day.
func (v *historyView) entry(m, last HistoryMessage) historyEntry {
	e := historyEntry{
		ID: m.ID, From: m.From, Text: m.Text, Action: m.Action, Current: m.ID == v.Current,
		Class: fmt.Sprint("entry hue-", hueClass(m.From)), URL: fmt.Sprintf("%sm/%s/%d#m%[3]d", v.Root, url.PathEscape(v.Room), m.ID),
		At: m.At.Format("2006-01-02T15:04:05.000Z"), Clock: m.At.Format("15:04"),
	}
	if m.Action {
		e.Class += " action"
	}
	if m.continues(last) {
		e.Class += " continued"
	}
	if e.Current {
		e.Class += " current"
	}
	return e
}

// continues reports whether the name of the author is above a message that follows last.
func (m *HistoryMessage) continues(last HistoryMessage) bool {
	const pause = 5 * time.Minute
	return m.From == last.From && !m.Action && !last.Action && m.At.Sub(last.At) < pause
}

// hueClass returns the number of the class in log.css that has about the hue of a name on the page of
// the chat (hue in web/static/room/name.js).
func hueClass(name string) int {
	const step = 15 // degrees
	var h uint32
	for _, r := range cases.Lower(language.Und).String(norm.NFC.String(name)) {
		h = (h ^ uint32(r)) * 0x9e3779b1
	}
	return int(h>>8) % 360 / step
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
	return max(text, element+escapedLen(m.From)+escapedLen(m.Text))
}

// escapedLen returns the length of a text in HTML.
func escapedLen(s string) int {
	n := len(s)
	for i := range len(s) {
		if bytes.IndexByte([]byte(`"&'+<>`), s[i]) >= 0 {
			n += len("&#34;") - 1
		}
	}
	return n
}
