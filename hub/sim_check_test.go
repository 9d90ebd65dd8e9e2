package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"partyline/hub/wire"
)

// simEvent is what the checks read of an event.
type simEvent struct {
	Type, Ref, Key, Room, Text, From, Code string
	Nick, To                               string
	ID, After, Before, Last                int64
	Missed                                 *int64
	Lost                                   bool
	Messages                               []simEvent
}

// A listener follows what one member was sent, and compares it with the order of its room.
type listener struct {
	m     *simMember
	order []*wire.Message // of the room
	live  int             // index of the next message of the stream
	lost  bool            // live is not known: history could not be read

	again   bool // messages are told again
	next    int  // index of the next of these; -1 if any
	markers bool // their end is marked
	resume  bool // the whole of it: nothing is left out after it
	privies map[string]bool
	answers map[string]int
	acked   map[string]int64
	room    string
	nick    string
}

// index returns how many messages of the room have ids up to id.
func (l *listener) index(id int64) int {
	i, found := slices.BinarySearchFunc(l.order, id, func(m *wire.Message, id int64) int {
		switch {
		case m.ID < id:
			return -1
		case m.ID > id:
			return 1
		}
		return 0
	})
	if found {
		i++
	}
	return i
}

// check compares what m was sent with what it should have been sent.
func (m *simMember) check() {
	frames, ok := m.conn.received()
	l := &listener{m: m, privies: make(map[string]bool), answers: make(map[string]int), acked: make(map[string]int64)}
	if !ok {
		l.errorf(len(frames), "the stream is corrupt")
		return
	}
	for i, f := range frames {
		var e simEvent
		if f.object != "" {
			if err := json.Unmarshal([]byte(f.object), &e); err != nil {
				l.errorf(i, "not JSON: %q", f.object)
				return
			}
		}
		if wrong := l.hear(f, e, i == 0); wrong != "" {
			l.errorf(i, "%s\n%s", wrong, around(frames, i))
			return
		}
	}
	m.story.journal.mu.Lock()
	for key, id := range l.acked {
		if m.story.journal.byKey[key] != 1 {
			l.errorf(len(frames), "key %s was acked as %d, and said %d times", key, id, m.story.journal.byKey[key])
		}
	}
	m.story.journal.mu.Unlock()
	if !m.conn.alive() {
		return
	}
	if l.room != "" && !l.lost && l.live != len(l.order) {
		l.errorf(len(frames), "it heard %d of %d messages of %s", l.live, len(l.order), l.room)
	}
	for ref, request := range m.refs {
		if l.answers[ref] != 1 {
			l.errorf(len(frames), "request %.100s has %d answers", request, l.answers[ref])
		}
	}
}

// around shows the frames around one.
func around(frames []simFrame, i int) string {
	var b strings.Builder
	for k := max(i-6, 0); k < min(i+3, len(frames)); k++ {
		fmt.Fprintf(&b, "\t%d: %.60s %.150s\n", k, frames[k].text, frames[k].object)
	}
	return b.String()
}

func (l *listener) errorf(i int, format string, args ...any) {
	l.m.story.errorf("%s (%v, frame %d): %s", l.m.name, l.m.first, i, fmt.Sprintf(format, args...))
}

// hear checks the next event, and returns what is wrong with it.
func (l *listener) hear(f simFrame, e simEvent, first bool) string {
	if first && e.Type != "welcome" {
		return "the first event is no welcome"
	}
	if e.Ref != "" && e.Type != "message" && e.Type != "action" {
		l.answers[e.Ref]++
	}
	switch {
	case e.Type == "welcome":
		l.nick = e.Nick
		return l.welcome(e, first)
	case e.Type == "join" && e.Nick == l.nick:
		return "it hears of its own arrival"
	case e.Type == "nick" && e.Nick == l.nick:
		l.nick = e.To
	case e.Type == "message" || e.Type == "action":
		return l.message(e)
	case e.Type == "gap":
		return l.gap(e)
	case e.Type == "ack" && e.Key != "":
		l.acked[e.Key] = e.ID
	case e.Type == "private" && e.From != l.m.name && !strings.HasPrefix(e.From, l.m.name+"x"):
		if l.privies[e.Text] {
			return "a private message comes twice"
		}
		l.privies[e.Text] = true
	case e.Type == "history":
		for i := 1; i < len(e.Messages); i++ {
			if l.index(e.Messages[i-1].ID)+1 != l.index(e.Messages[i].ID) {
				return "history has a hole or is out of order"
			}
		}
	case strings.HasPrefix(f.text, "-- the last "):
		n := 0
		fmt.Sscanf(f.text, "-- the last %d", &n)
		l.again, l.markers, l.resume = true, true, false
		if l.next = l.live - n; l.lost {
			l.next = -1
		}
	case strings.Contains(f.text, " messages since "):
		l.again, l.markers, l.resume = true, true, true
		l.next = -1
	case f.text == "-- live --":
		switch {
		case l.lost && !l.resume:
			l.live, l.lost = l.next, false
		case l.lost:
		case l.next < l.live || l.next > l.live && !l.resume:
			return fmt.Sprintf("live again at message %d, but the next to be told again is %d", l.live, l.next)
		default:
			l.live = l.next
		}
		l.again, l.resume = false, false
	}
	return ""
}

func (l *listener) welcome(e simEvent, first bool) string {
	if l.room != "" && e.Room == l.room {
		last := l.index(e.Last)
		switch {
		case last < l.live:
			return fmt.Sprintf("a welcome to message %d at message %d", last, l.live)
		case l.again && !l.markers && !l.lost: // it fell out of the window while it was told history
			l.live = last
		}
		return ""
	}
	if l.room != "" && l.m.conn.alive() && !l.lost && l.again {
		return "a new room while messages are told again"
	}
	l.m.story.journal.mu.Lock()
	l.order = l.m.story.journal.order[e.Room]
	l.m.story.journal.mu.Unlock()
	l.room, l.again, l.lost = e.Room, false, false
	l.live = l.index(e.Last)
	if first && l.m.since >= 0 && l.m.first == wire.JSON {
		l.again, l.markers, l.resume = true, false, true
		l.next = l.index(l.m.since)
		if l.next > l.live { // said meanwhile
			l.next = -1
		}
		l.again = l.next != l.live
	}
	return ""
}

func (l *listener) message(e simEvent) string {
	i := l.index(e.ID) - 1
	if i < 0 || l.order[i].ID != e.ID || l.order[i].Text != e.Text || l.order[i].From != e.From || e.Room != l.room {
		return "this message has no place"
	}
	if l.again {
		if l.next >= 0 && i != l.next {
			return fmt.Sprintf("message %d is told again, want %d", i, l.next)
		}
		l.next = i + 1
		if !l.markers && l.next >= l.live {
			l.live, l.again, l.lost = l.next, false, false
		}
		return ""
	}
	if l.lost && i >= l.live {
		l.live, l.lost = i, false
	}
	if i != l.live {
		return fmt.Sprintf("message %d comes, want %d", i, l.live)
	}
	l.live++
	return ""
}

func (l *listener) gap(e simEvent) string {
	if e.After == 0 && e.Missed != nil && *e.Missed == 0 { // presence alone
		if l.again && l.markers { // it goes on at another place of the stream
			l.live = min(l.live, l.next)
		}
		return ""
	}
	last := l.live - 1
	isLive := !l.again && (last >= 0 && l.order[last].ID == e.After || l.index(e.After) == l.live)
	switch {
	case isLive && e.Missed != nil:
		l.live += int(*e.Missed)
		if e.Before != 0 && (l.live >= len(l.order) || l.order[l.live].ID != e.Before) {
			return fmt.Sprintf("the gap ends at message %d, which is not before id %d", l.live, e.Before)
		}
		return ""
	case !l.again:
		if e.Missed == nil && e.Before == 0 {
			l.lost = true // history can't be read
		}
		return "" // of what it asked for
	}
	if l.next >= 0 && l.index(e.After) != l.next {
		return fmt.Sprintf("a gap after message %d, want %d", l.index(e.After), l.next)
	}
	switch {
	case e.Before != 0:
		l.next = l.index(e.Before) - 1
	case e.Missed == nil:
		l.next, l.lost = -1, true
		if !l.markers {
			l.again = false
		}
	default:
		l.next += int(*e.Missed)
	}
	if !l.markers && l.next >= l.live {
		l.live, l.again = max(l.next, l.live), false
	}
	return ""
}
