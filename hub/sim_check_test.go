package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"partyline/hub/wire"
)

// A simEvent has the fields that the checks read of an event.
type simEvent struct {
	Type, Ref, Key, Room, Text, From, Code string
	Nick, To, Token                        string
	ID, After, Before, Last                int64
	Missed                                 *int64
	Lost                                   bool
	Messages                               []simEvent
}

// A checker follows what one member received, and compares it with the order of its room.
type checker struct {
	m           *simMember
	order       []*wire.Message // of the room
	nextLive    int             // index of the next message of the stream
	liveUnknown bool            // nextLive is not known: history could not be read

	replaying    bool // messages are repeated
	nextReplayed int  // index of the next repeated message; -1 for any
	marked       bool // a line marks the end of the repeated messages
	ahead        bool // the id is that of a message that the hub does not have yet: it says so with a gap
	resuming     bool // all messages after an id are repeated, up to the live ones
	privates     map[string]bool
	answers      map[string]int
	acked        map[string]simAck // by key
	room         string
	nick         string
}

// A simAck is an ack that a member received in a room.
type simAck struct {
	room string
	id   int64
}

// index returns how many messages of the room have ids up to id.
func (c *checker) index(id int64) int {
	i, found := slices.BinarySearchFunc(c.order, id, func(m *wire.Message, id int64) int {
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

// check compares what m received with the order of its rooms.
func (m *simMember) check() {
	frames, ok := m.conn.received()
	c := &checker{m: m, privates: make(map[string]bool), answers: make(map[string]int), acked: make(map[string]simAck)}
	if !ok {
		c.errorf(len(frames), "the stream is corrupt")
		return
	}
	for i, f := range frames {
		var e simEvent
		if f.object != "" {
			if err := json.Unmarshal([]byte(f.object), &e); err != nil {
				c.errorf(i, "not JSON: %q", f.object)
				return
			}
		}
		if e.Type == "gap" && isOfPage(e, frames[i+1:]) {
			continue
		}
		if wrong := c.checkEvent(f, e, i == 0); wrong != "" {
			c.errorf(i, "%s\n%s", wrong, around(frames, i))
			return
		}
	}
	for key, ack := range c.acked {
		order := m.sim.journal.ordered(ack.room)
		if i := (&checker{order: order}).index(ack.id) - 1; i < 0 || order[i].ID != ack.id || order[i].Text != m.sim.said[key] {
			c.errorf(len(frames), "key %s was acked as %d in %s, which is not the message", key, ack.id, ack.room)
		}
	}
	if !m.conn.alive() {
		return
	}
	if c.room != "" && !c.liveUnknown && c.nextLive != len(c.order) {
		c.errorf(len(frames), "it received %d of %d messages of %s", c.nextLive, len(c.order), c.room)
	}
	for ref, request := range m.refs {
		if c.answers[ref] != 1 {
			c.errorf(len(frames), "request %.100s has %d answers", request, c.answers[ref])
		}
	}
}

// isOfPage reports whether a gap is before the messages of an answer, which follows it.
func isOfPage(gap simEvent, next []simFrame) bool {
	if len(next) == 0 || gap.Before == 0 {
		return false
	}
	var e simEvent
	json.Unmarshal([]byte(next[0].object), &e)
	return e.Type == "history" && len(e.Messages) > 0 && e.Messages[0].ID == gap.Before
}

// around formats the frames around frame i.
func around(frames []simFrame, i int) string {
	var b strings.Builder
	for k := max(i-6, 0); k < min(i+3, len(frames)); k++ {
		fmt.Fprintf(&b, "\t%d: %.60s %.150s\n", k, frames[k].text, frames[k].object)
	}
	return b.String()
}

func (c *checker) errorf(i int, format string, args ...any) {
	c.m.sim.errorf("%d hubs: %s (%v, frame %d): %s", len(c.m.sim.hubs), c.m.name, c.m.first, i, fmt.Sprintf(format, args...))
}

// checkEvent checks the next event, and returns what is wrong with it, or "".
func (c *checker) checkEvent(f simFrame, e simEvent, first bool) string {
	if first && e.Type != "welcome" {
		return "the first event is not a welcome"
	}
	if e.Ref != "" && e.Type != "message" && e.Type != "action" {
		c.answers[e.Ref]++
	}
	switch {
	case e.Type == "welcome":
		c.nick = e.Nick
		return c.checkWelcome(e, first, e.Ref == resumeRef)
	case e.Type == "join" && e.Nick == c.nick && c.m.conn.alive() && c.m.sim.net == nil: // otherwise that of another identity
		return "it receives its own arrival"
	case e.Type == "nick" && e.Nick == c.nick:
		c.nick = e.To
	case e.Type == "message" || e.Type == "action":
		return c.checkMessage(e)
	case e.Type == "gap":
		return c.checkGap(e)
	case e.Type == "ack" && e.Key != "":
		c.acked[e.Key] = simAck{c.room, e.ID}
	case e.Type == "private" && e.From != c.m.name && !strings.HasPrefix(e.From, c.m.name+"x"):
		if c.privates[e.Text] {
			return "a private message comes twice"
		}
		c.privates[e.Text] = true
	case e.Type == "history":
		for i := 1; i < len(e.Messages); i++ {
			if c.index(e.Messages[i-1].ID)+1 != c.index(e.Messages[i].ID) {
				return "history has a gap or is out of order"
			}
		}
	case strings.HasPrefix(f.text, "-- the last "):
		n := 0
		fmt.Sscanf(f.text, "-- the last %d", &n)
		c.replaying, c.marked, c.resuming = true, true, false
		if c.nextReplayed = c.nextLive - n; c.liveUnknown {
			c.nextReplayed = -1
		}
	case strings.Contains(f.text, " messages since "):
		c.replaying, c.marked, c.resuming = true, true, true
		c.nextReplayed = -1
	case f.text == "-- live --":
		switch {
		case c.liveUnknown && !c.resuming:
			c.nextLive, c.liveUnknown = c.nextReplayed, false
		case c.liveUnknown:
		case c.nextReplayed < c.nextLive || c.nextReplayed > c.nextLive && !c.resuming:
			return fmt.Sprintf("live again at message %d, but the next message to repeat is %d", c.nextLive, c.nextReplayed)
		default:
			c.nextLive = c.nextReplayed
		}
		c.replaying, c.resuming = false, false
	}
	return ""
}

// checkWelcome checks a welcome: the first one, or one of a member that has resumed, or a later one.
func (c *checker) checkWelcome(e simEvent, first, resumed bool) string {
	if c.room != "" && e.Room == c.room && !resumed {
		last := c.index(e.Last)
		switch {
		case last < c.nextLive:
			return fmt.Sprintf("a welcome to message %d at message %d", last, c.nextLive)
		case c.replaying && !c.marked && !c.liveUnknown: // it fell out of the window during the replay
			c.nextLive = last
		}
		return ""
	}
	if c.room != "" && c.m.conn.alive() && !c.liveUnknown && c.replaying {
		return "a new room during a replay"
	}
	c.order = c.m.sim.journal.ordered(e.Room)
	c.room, c.replaying, c.liveUnknown = e.Room, false, false
	c.nextLive = c.index(e.Last)
	if (resumed || first && c.m.token == "") && c.m.since >= 0 && c.m.first == wire.JSON {
		c.replaying, c.marked, c.resuming = true, false, true
		c.nextReplayed = c.index(c.m.since)
		c.ahead = c.nextReplayed > c.nextLive
		c.replaying = c.nextReplayed != c.nextLive
	}
	return ""
}

func (c *checker) checkMessage(e simEvent) string {
	if c.ahead {
		return fmt.Sprintf("it gets message %d after message %d of another hub", c.index(e.ID), c.nextReplayed)
	}
	i := c.index(e.ID) - 1
	if i < 0 || c.order[i].ID != e.ID || c.order[i].Text != e.Text || c.order[i].From != e.From || e.Room != c.room {
		return "the journal has no such message"
	}
	if c.replaying {
		if c.nextReplayed >= 0 && i != c.nextReplayed {
			return fmt.Sprintf("message %d is repeated, want %d", i, c.nextReplayed)
		}
		c.nextReplayed = i + 1
		if !c.marked && c.nextReplayed >= c.nextLive {
			c.nextLive, c.replaying, c.liveUnknown = c.nextReplayed, false, false
		}
		return ""
	}
	if c.liveUnknown && i >= c.nextLive {
		c.nextLive, c.liveUnknown = i, false
	}
	if i != c.nextLive {
		return fmt.Sprintf("message %d comes, want %d", i, c.nextLive)
	}
	c.nextLive++
	return ""
}

func (c *checker) checkGap(e simEvent) string {
	if e.After == 0 && e.Missed != nil && *e.Missed == 0 { // only presence was missed
		if c.replaying && c.marked { // the stream continues at another position
			c.nextLive = min(c.nextLive, c.nextReplayed)
		}
		return ""
	}
	if c.ahead && e.Lost {
		return "what another hub has is lost"
	}
	c.ahead = false
	last := c.nextLive - 1
	isLive := !c.replaying && (last >= 0 && c.order[last].ID == e.After || c.index(e.After) == c.nextLive)
	switch {
	case isLive && e.Missed != nil:
		c.nextLive += int(*e.Missed)
		if e.Before != 0 && (c.nextLive >= len(c.order) || c.order[c.nextLive].ID != e.Before) {
			return fmt.Sprintf("the gap ends at message %d, which is not before id %d", c.nextLive, e.Before)
		}
		return ""
	case !c.replaying:
		if e.Missed == nil && e.Before == 0 {
			c.liveUnknown = true // history can't be read
		}
		return "" // a gap in a page
	}
	if c.nextReplayed >= 0 && c.index(e.After) != c.nextReplayed {
		return fmt.Sprintf("a gap after message %d, want %d", c.index(e.After), c.nextReplayed)
	}
	switch {
	case e.Before != 0:
		c.nextReplayed = c.index(e.Before) - 1
	case e.Missed == nil:
		c.nextReplayed, c.liveUnknown = -1, true
		if !c.marked {
			c.replaying = false
		}
	default:
		c.nextReplayed += int(*e.Missed)
	}
	if !c.marked && c.nextReplayed >= c.nextLive {
		c.nextLive, c.replaying = max(c.nextReplayed, c.nextLive), false
	}
	return ""
}
