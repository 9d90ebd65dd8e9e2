package hub

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"partyline/hub/wire"
)

// lastID returns the newest id that m received in the lobby, or -1 if m was in another room.
func (m *simMember) lastID() int64 {
	frames, _ := m.conn.received()
	last := int64(-1)
	for _, f := range frames {
		var e simEvent
		json.Unmarshal([]byte(f.object), &e)
		switch {
		case e.Type == "welcome" && e.Room != lobby:
			return -1
		case e.Type == "welcome":
			last = max(last, e.Last)
		case e.Type == "message" || e.Type == "action":
			last = max(last, e.ID)
		}
	}
	return last
}

// act runs one step of the script, and reports whether it was the last one of the connection.
func (m *simMember) act() (done bool) {
	s, c := m.sim, m.conn
	switch s.intN(40) {
	case 0:
		if s.intN(2) == 0 { // its writes fail, and its input may end later
			c.set(func() { c.writeFails = true })
			m.send(m.line(), m.say(10))
			if s.intN(4) > 0 {
				c.input <- nil
			}
			return true
		}
		c.reset()
	case 1:
		c.set(func() { c.panics = true })
	case 2:
		c.input <- nil // the end of the input
		return true
	case 3:
		m.send(m.request("quit", ""))
		return true
	case 4:
		c.set(func() { c.rate = 0 })
		time.Sleep(time.Duration(s.intN(10_000)) * time.Millisecond)
		rate := pick(s, 1000, 20_000, 1<<30)
		c.set(func() { c.rate = rate })
	case 5:
		var lines []string
		for range 5 + s.intN(60) {
			lines = append(lines, m.say(s.intN(1000)))
		}
		m.send(lines...)
	case 6: // many lines at once, and sometimes a break between them
		var lines []string
		for range 2 + s.intN(10) {
			lines = append(lines, m.line())
		}
		m.send(lines...)
		if s.intN(3) == 0 {
			time.Sleep(time.Duration(s.intN(3)*s.intN(300)) * time.Millisecond)
			c.reset()
		}
	case 7:
		rate := pick(s, 1000, 20_000, 1<<30)
		c.set(func() { c.rate = rate })
	default:
		m.send(m.line())
	}
	return false
}

func (m *simMember) send(lines ...string) { m.conn.input <- lines }

// line returns a random request.
func (m *simMember) line() string {
	s := m.sim
	switch s.intN(16) {
	case 0:
		return m.request("format", pick(s, "json", "text"))
	case 1:
		return m.request("join", pick(s, lobby, lobby, "ops", "den"))
	case 2:
		return m.request("nick", fmt.Sprintf("%sx%d", m.name, s.intN(5)))
	case 3:
		return m.request("since", fmt.Sprint(m.sim.anID()))
	case 4:
		return m.request("history", fmt.Sprint(1+s.intN(40)))
	case 5:
		return m.request("search", pick(s, "xxx", "t1"))
	case 6:
		return m.request("who", "")
	case 7:
		return m.request("msg", fmt.Sprintf("m%d", s.intN(10)))
	case 8:
		return pick(s, "", "  ")
	case 9:
		return m.request("rooms", "")
	default:
		return m.say(s.intN(300))
	}
}

// anID returns the id of a message, or one that no message has.
func (s *simulation) anID() int64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	order := s.journal.order[lobby]
	if len(order) == 0 || s.intN(10) == 0 {
		return int64(s.intN(2)) << 50
	}
	return order[s.intN(len(order))].ID
}

func (m *simMember) say(pad int) string { return m.request("say", m.sim.text(pad)) }

// request returns a request in the format that the script has reached.
func (m *simMember) request(verb, arg string) (line string) {
	if m.format == wire.Text {
		switch verb {
		case "say":
			return arg
		case "msg":
			arg += " " + m.sim.text(0)
		case "search", "who", "rooms", "quit", "nick", "join", "history", "since":
		case "format":
			if arg == "json" {
				m.format = wire.JSON
			}
		}
		return strings.TrimSpace("/" + verb + " " + arg)
	}
	q := map[string]any{"type": verb}
	if verb != "format" || arg == "json" {
		ref := fmt.Sprintf("r%d", len(m.refs))
		defer func() { m.refs[ref] = line }()
		q["ref"] = ref
	}
	switch verb {
	case "say":
		q["text"] = arg
		q["key"] = fmt.Sprintf("%s-%p-%d", m.name, m, len(m.refs))
	case "msg":
		q["to"], q["text"] = arg, m.sim.text(0)
	case "search":
		q["words"] = arg
	case "nick":
		q["nick"] = arg
	case "join":
		q["room"] = arg
	case "format":
		q["format"] = arg
		if arg == "text" {
			m.format = wire.Text
		}
	case "since":
		q["id"] = json.RawMessage(arg)
	case "history":
		q["limit"] = json.RawMessage(arg)
	}
	object, _ := json.Marshal(q)
	return string(object)
}
