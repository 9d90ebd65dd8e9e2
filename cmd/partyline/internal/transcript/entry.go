package transcript

import (
	"strings"
	"time"

	"partyline/client"
)

// A kind says how an entry looks.
type kind uint8

const (
	said     kind = iota // a message
	action               // "~ alice waves"
	whisper              // a private message
	presence             // "* alice has arrived"
	notice               // of the server or of the client
	answer               // of a command
	refusal              // an error
	gap                  // missing messages
)

// An entry is what a View shows for an event, or for several events that it shows as one.
type entry struct {
	kind     kind
	at       time.Time
	id       int64  // of a message; 0 for others
	from, to string // names, as they were received
	text     string // as it was received
	own      bool   // the reader said it
	mention  bool   // it has the reader's name
	unstored bool
	outage   bool        // it says that the connection broke
	key      string      // of a pending message
	crowd    *crowd      // of presence
	gap      *client.Gap // its ends change when messages are loaded

	// What was shown last, and for what.
	lines []string
	shown context
}

// newEntry returns the entry for an event, or nil if the event shows nothing. now is the time of events that
// have none.
func newEntry(event client.Event, own string, now time.Time) *entry {
	switch e := event.(type) {
	case *client.Message:
		return messageEntry(e, own)
	case *client.Private:
		return &entry{kind: whisper, at: e.At, from: e.From, to: e.To, text: e.Text, own: e.Sent, mention: !e.Sent}
	case *client.Joined, *client.Left, *client.Renamed, *client.Presence:
		c := new(crowd)
		return &entry{kind: presence, at: c.add(event), crowd: c}
	case *client.Notice:
		if e.ID != 0 { // it is an ack
			return nil
		}
		return &entry{kind: notice, at: now, text: e.Message}
	case *client.Gap:
		copied := *e
		return &entry{kind: gap, at: now, gap: &copied}
	case *client.Error:
		return &entry{kind: refusal, at: now, text: e.Message}
	case *client.Disconnected:
		return &entry{kind: refusal, at: now, text: disconnected(e), outage: true}
	case *client.Welcome:
		text, _ := strings.CutSuffix(string(e.AppendText(nil)), " /help lists the commands.")
		return &entry{kind: presence, at: now, text: strings.TrimPrefix(text, "* ")}
	}
	text := string(event.AppendText(nil))
	if text == "" {
		return nil
	}
	return &entry{kind: notice, at: now, text: text}
}

func messageEntry(m *client.Message, own string) *entry {
	e := &entry{kind: said, at: m.At, id: m.ID, from: m.From, text: m.Text, own: m.From == own, unstored: m.Unstored}
	if m.Action {
		e.kind = action
	}
	e.mention = !e.own && Mentions(m.Text, own)
	return e
}

func disconnected(e *client.Disconnected) string {
	text := "disconnected"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// counts reports whether an entry is news for the reader: what others said.
func (e *entry) counts() bool { return e.kind <= whisper && !e.own }

// continues reports whether an entry continues what the one before it begins, so that the name is not
// repeated.
func (e *entry) continues(before *entry) bool {
	const pause = 5 * time.Minute
	return e.kind == before.kind && (e.kind == said || e.kind == whisper) &&
		e.from == before.from && e.to == before.to &&
		e.at.Sub(before.at).Abs() < pause
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	y, m, d := a.In(zone).Date()
	y2, m2, d2 := b.In(zone).Date()
	return y == y2 && m == m2 && d == d2
}
