package transcript

import (
	"fmt"
	"strings"
	"time"

	"partyline/client"
)

// changes are joins, leaves and changes of name in a row, which are shown as one sentence:
// "alice and bob arrived, carol left".
type changes struct {
	named         []change // in the order of their first event
	arrived, left int      // without names, in a large room
	here          int      // members after that
}

// A change says that a member arrived, left or changed its name.
type change struct {
	name string
	did  changeKind
	more string // the new name, or what a member said when it left
}

type changeKind uint8

const (
	arrived changeKind = iota
	returned
	visited // arrived and left
	left
	renamed
)

// maxChanges is how many changes a sentence may have.
const maxChanges = 50

func (c *changes) full() bool { return len(c.named) >= maxChanges }

// add adds an event, which is one of presence, and returns its time.
func (c *changes) add(event client.Event) time.Time {
	switch e := event.(type) {
	case *client.Joined:
		c.join(e.Nick)
		return e.At
	case *client.Left:
		c.leave(e.Nick, cut(e.Text))
		return e.At
	case *client.Renamed:
		c.rename(e.Nick, e.To)
		return e.At
	case *client.Presence:
		c.arrived += e.Arrived
		c.left += e.Left
		c.here = e.Count
		return e.At
	}
	return time.Time{}
}

func (c *changes) join(name string) {
	switch m := c.find(name, left, visited); {
	case m == nil:
		c.named = append(c.named, change{name: name, did: arrived})
	case m.did == left:
		*m = change{name: name, did: returned}
	default:
		m.did = arrived
	}
}

func (c *changes) leave(name, text string) {
	switch m := c.find(name, arrived, returned); {
	case m == nil:
		c.named = append(c.named, change{name: name, did: left, more: text})
	case m.did == arrived:
		m.did = visited
	default:
		*m = change{name: name, did: left, more: text}
	}
}

// rename notes a change of name. A member that has just arrived, such as a guest, arrived under
// the new name.
func (c *changes) rename(name, to string) {
	for i := range c.named {
		switch m := &c.named[i]; {
		case m.did == arrived && m.name == name:
			m.name = to
			return
		case m.did == renamed && m.more == name:
			m.more = to
			return
		}
	}
	c.named = append(c.named, change{name: name, did: renamed, more: to})
}

// find returns the change of a member that is one of two kinds, or nil.
func (c *changes) find(name string, a, b changeKind) *change {
	for i := range c.named {
		if m := &c.named[i]; m.name == name && (m.did == a || m.did == b) {
			return m
		}
	}
	return nil
}

// sentence returns what the members did.
func (c *changes) sentence() string {
	var parts []string
	for did, verb := range []string{arrived: "arrived", returned: "came back", visited: "came and left", left: "left"} {
		if names := c.names(changeKind(did)); len(names) > 0 {
			parts = append(parts, list(names)+" "+verb)
		}
	}
	for _, m := range c.named {
		if m.did == left && m.more != "" {
			parts = append(parts, m.name+" left ("+m.more+")")
		}
	}
	for _, m := range c.named {
		if m.did == renamed {
			parts = append(parts, m.name+" is now known as "+m.more)
		}
	}
	if c.arrived > 0 || c.left > 0 || len(parts) == 0 {
		parts = append(parts, fmt.Sprintf("%d arrived, %d left (%d here)", c.arrived, c.left, c.here))
	}
	return strings.Join(parts, ", ")
}

// names returns the names of the members that did something and said nothing.
func (c *changes) names(did changeKind) (names []string) {
	for _, m := range c.named {
		if m.did == did && m.more == "" {
			names = append(names, m.name)
		}
	}
	return names
}

// list returns "alice, bob and carol", or "alice, bob, …, and 7 others".
func list(names []string) string {
	const most = 8
	last := len(names) - 1
	switch {
	case last == 0:
		return names[0]
	case last >= most:
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most-1], ", "), len(names)-most+1)
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// cut returns the beginning of a text that is too long for a sentence.
func cut(text string) string {
	const most = 80 // bytes
	for i := range text {
		if i > most {
			return text[:i] + "…"
		}
	}
	return text
}
