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

// identity returns the token of m and its name, or "" if it has got none.
func (m *simMember) identity() (token, nick string) {
	frames, _ := m.conn.received()
	for _, f := range frames {
		var e simEvent
		json.Unmarshal([]byte(f.object), &e)
		switch {
		case e.Type == "welcome" && e.Token != "":
			token, nick = e.Token, e.Nick
		case e.Type == "nick" && e.Nick == nick:
			nick = e.To
		}
	}
	return token, nick
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
		s.sleep(time.Duration(s.intN(10_000)) * time.Millisecond)
		rate := s.rate(1000, 20_000, 1<<30)
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
			s.sleep(time.Duration(s.intN(3)*s.intN(300)) * time.Millisecond)
			c.reset()
		}
	case 7: // another connection takes its place
		m.stays = s.intN(2) == 0
		return m.stays
	case 8:
		rate := s.rate(1000, 20_000, 1<<30)
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
	order := s.journal.ordered(lobby)
	if len(order) == 0 || s.intN(10) == 0 {
		return int64(s.intN(2)) << 50
	}
	return order[s.intN(len(order))].ID
}

// say returns a request to say a text that no member has said, or, in JSON, one that this member said before, with its
// key.
func (m *simMember) say(pad int) string {
	s := m.sim
	if again := s.lastKey(m.name); again != "" && m.format == wire.JSON && s.intN(10) == 0 {
		return m.sayWith(again, s.textOf(again))
	}
	text := s.text(pad)
	if m.format == wire.Text {
		return m.request("say", text)
	}
	key := fmt.Sprintf("%s-%p-%d", m.name, m, len(m.refs))
	s.noteSaid(m.name, key, text)
	return m.sayWith(key, text)
}

// sayWith returns a request in JSON to say a text with a key.
func (m *simMember) sayWith(key, text string) string {
	return m.object(map[string]any{"type": "say", "text": text, "key": key})
}

// resume returns the request with which m resumes its identity.
func (m *simMember) resume() string {
	q := map[string]any{"type": "resume", "token": m.token, "nick": m.nick, "room": lobby, "ref": resumeRef}
	if m.since >= 0 {
		q["since"] = m.since
	}
	return m.object(q)
}

// object returns a request in JSON, to which it adds a ref if it has none.
func (m *simMember) object(q map[string]any) string {
	ref, ok := q["ref"].(string)
	if !ok {
		ref = fmt.Sprintf("r%d", len(m.refs))
		q["ref"] = ref
	}
	line, _ := json.Marshal(q)
	m.refs[ref] = string(line)
	return string(line)
}

// request returns a request in the format that the script has reached.
func (m *simMember) request(verb, arg string) string {
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
	switch verb {
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
		if arg == "text" { // the answer is not in JSON
			m.format = wire.Text
			return `{"type":"format","format":"text"}`
		}
	case "since":
		q["id"] = json.RawMessage(arg)
	case "history":
		q["limit"] = json.RawMessage(arg)
	}
	return m.object(q)
}
