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
	changes  *changes    // of presence
	gap      *client.Gap // its ends change when messages are loaded

	// What was shown last, and for what.
	lines []string
	shown context
}

// A state is what events tell about the reader.
type state struct {
	own    string // the reader's name
	broken bool   // the connection is
	held   bool   // the server can't store what the reader says
}

func (s *state) follow(event client.Event) {
	switch e := event.(type) {
	case *client.Welcome:
		s.own, s.broken = e.Nick, false
	case *client.Renamed:
		if e.Nick == s.own {
			s.own = e.To
		}
	case *client.Message:
		s.held = s.held && e.From != s.own
	case *client.Error:
		s.held = s.held || client.Held(e) != nil
	case *client.Disconnected:
		s.broken, s.held = true, s.held || client.Held(e) != nil
	}
}

// entry returns the entry for an event, or nil if the event shows nothing, and follows the event.
func (r *renderer) entry(event client.Event) *entry {
	defer r.follow(event)
	now := r.now()
	switch e := event.(type) {
	case *client.Message:
		return messageEntry(e, r.own)
	case *client.Private:
		return &entry{kind: whisper, at: e.At, from: e.From, to: e.To, text: e.Text, own: e.Sent, mention: !e.Sent}
	case *client.Joined, *client.Left, *client.Renamed, *client.Presence:
		c := new(changes)
		return &entry{kind: presence, at: c.add(event), changes: c}
	case *client.Notice:
		if e.ID != 0 { // it is an ack
			return nil
		}
		return &entry{kind: notice, at: now, text: e.Message}
	case *client.Gap:
		copied := *e
		return &entry{kind: gap, at: now, gap: &copied}
	case *client.Error:
		return &entry{kind: refusal, at: now, text: e.Message + retrying(e)}
	case *client.Disconnected:
		return &entry{kind: refusal, at: now, text: disconnected(e), outage: true}
	case *client.Welcome:
		return &entry{kind: presence, at: now, text: r.welcome(e)}
	}
	text := string(event.AppendText(nil))
	if text == "" {
		return nil
	}
	return &entry{kind: notice, at: now, text: text}
}

// welcome returns the line for a Welcome. After an outage it only says what is new.
func (r *renderer) welcome(e *client.Welcome) string {
	switch {
	case r.broken && e.Nick == r.own:
		return "connected again"
	case r.broken:
		return "connected again as " + e.Nick
	}
	text, _ := strings.CutSuffix(string(e.AppendText(nil)), " /help lists the commands.")
	return strings.TrimPrefix(text, "* ")
}

func messageEntry(m *client.Message, own string) *entry {
	e := &entry{kind: said, at: m.At, id: m.ID, from: m.From, text: m.Text, own: m.From == own, unstored: m.Unstored}
	if m.Action {
		e.kind = action
	}
	start, _ := findName(m.Text, own, 0)
	e.mention = start >= 0 && !e.own
	return e
}

func disconnected(e *client.Disconnected) string {
	text := "disconnected"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text + retrying(e)
}

// retrying returns what follows an error if the client keeps a message and sends it again, or "".
func retrying(e client.Event) string {
	if client.Held(e) == nil {
		return ""
	}
	return "; partyline tries again by itself"
}

// counts reports whether an entry is news for the reader: what others said.
func (e *entry) counts() bool { return e.kind <= whisper && !e.own }

// after returns the context of an entry that follows another one.
func after(before, e *entry, zone *time.Location) context {
	const pause = 5 * time.Minute // between messages that are shown as one group
	newDay := !sameDay(before.at, e.at, zone)
	return context{
		newDay:   newDay,
		sameTime: !newDay && e.at.Truncate(time.Minute).Equal(before.at.Truncate(time.Minute)),
		continued: !newDay && e.kind == before.kind && (e.kind == said || e.kind == whisper) &&
			e.from == before.from && e.to == before.to && e.at.Sub(before.at).Abs() < pause,
	}
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	y, m, d := a.In(zone).Date()
	y2, m2, d2 := b.In(zone).Date()
	return y == y2 && m == m2 && d == d2
}
