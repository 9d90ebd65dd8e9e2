package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/admission"
	"partyline/hub/wire"
)

// A story is one run of the simulation: a hub, its journal, and members with random scripts,
// all of it from one seed.
type story struct {
	hub     *Hub
	journal *simJournal
	seed    uint64
	errors  []string

	mu      sync.Mutex
	random  *rand.Rand
	members []*simMember
	texts   int
	streams map[*stream]bool // all that were seen
}

// A simMember is one connection of a story, and what its script did.
type simMember struct {
	story *story
	name  string
	conn  *simConn
	first wire.Format
	since int64         // -1 for none
	end   chan struct{} // closed when it is off

	format wire.Format       // the script's
	refs   map[string]string // the requests by their refs
}

// intN is rand's for all goroutines of the story.
func (s *story) intN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

func (s *story) errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errors) < 10 {
		s.errors = append(s.errors, fmt.Sprintf(format, args...))
	}
}

// text returns a text that nobody said before.
func (s *story) text(pad int) string {
	s.mu.Lock()
	s.texts++
	n := s.texts
	s.mu.Unlock()
	return fmt.Sprintf("t%d %s", n, strings.Repeat("x", pad))
}

func pick[T any](s *story, choices ...T) T { return choices[s.intN(len(choices))] }

// runStory runs the story of a seed in a bubble, and returns what is wrong with it.
func runStory(t *testing.T, seed uint64) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		s := &story{seed: seed, random: rand.New(rand.NewPCG(seed, 0)), streams: make(map[*stream]bool)}
		s.journal = newSimJournal(pick(s, 20, 300, 100_000, 100_000), s.intN)
		o := Options{
			Journal: s.journal, Window: int64(pick(s, 2, 8, 32, 256)) << 10, Replay: pick(s, -1, 5, 20),
			Limits: admission.Limits{Backlog: int64(pick(s, 0, 64<<10))},
		}
		if s.intN(3) == 0 {
			o.Rate, o.Burst = 20, 40
		}
		s.hub = New(o)
		s.run(2+s.intN(*simCrowd), 5+s.intN(40))
		wrong = s.errors
	})
	return wrong
}

func (s *story) run(crowd, steps int) {
	var scripts sync.WaitGroup
	for i := range crowd {
		scripts.Go(func() { s.live(fmt.Sprintf("m%d", i), steps) })
	}
	over := make(chan struct{})
	go func() {
		scripts.Wait()
		close(over)
	}()
	weather := rand.New(rand.NewPCG(s.seed, 1))
	for alive := true; alive; {
		select {
		case <-over:
			alive = false
		case <-time.After(time.Duration(weather.IntN(3000)) * time.Millisecond):
			if weather.IntN(2) == 0 {
				s.journal.setMode(simMode{})
			} else {
				s.journal.setMode(randomMode(weather))
			}
		}
		s.checkInside()
	}
	// All is well again: whoever is there gets everything.
	s.journal.setMode(simMode{})
	for _, m := range s.members {
		m.conn.set(func() { m.conn.rate, m.conn.size = 1<<30, 1<<30 })
	}
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	s.checkInside()
	for _, m := range s.members {
		m.check()
	}
	for _, m := range s.members[:len(s.members)/2] {
		m.conn.reset()
	}
	synctest.Wait()
	s.checkInside()
	s.hub.Shutdown(context.Background())
	for _, m := range s.members {
		<-m.end
	}
	s.checkEnd()
}

// live runs the script of somebody that may come back over several connections.
func (s *story) live(name string, steps int) {
	since := int64(-1)
	for steps > 0 {
		m := s.connect(name, since)
		for ; steps > 0 && m.conn.alive(); steps-- {
			time.Sleep(time.Duration(s.intN(200)*s.intN(5)) * time.Millisecond)
			if m.act() {
				break
			}
		}
		if steps > 0 {
			<-m.end
			if since = -1; s.intN(2) == 0 {
				since = m.lastID()
			}
		}
	}
}

func (s *story) connect(name string, since int64) *simMember {
	m := &simMember{
		story: s, name: name, since: since, end: make(chan struct{}), refs: make(map[string]string),
		conn: newSimConn(pick(s, 300, 2000, 30_000, 1<<30), pick(s, 1000, 5000, 50_000, 1<<30)),
	}
	m.first = pick(s, wire.Text, wire.JSON)
	m.format = m.first
	who := Caller{Nick: name, Via: "sim", Format: m.first, Codecs: simCodecs}
	if s.intN(3) == 0 {
		who.Nick = ""
	}
	if since >= 0 {
		who.Since = fmt.Sprint(since)
	}
	var conn Conn = m.conn
	if s.intN(4) > 0 {
		conn = simTryConn{m.conn}
	}
	s.mu.Lock()
	s.members = append(s.members, m)
	s.mu.Unlock()
	go func() {
		defer close(m.end)
		s.hub.Serve(context.Background(), who, conn)
	}()
	return m
}

// lastID returns the newest id that m heard of in the lobby, and -1 if it was elsewhere.
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

// act does one step of the script, and reports whether it was the last.
func (m *simMember) act() (over bool) {
	s, c := m.story, m.conn
	switch s.intN(40) {
	case 0:
		if s.intN(2) == 0 { // it takes nothing more, and may end its input later
			c.set(func() { c.deaf = true })
			m.send(m.line(), m.say(10))
			if s.intN(4) > 0 {
				c.said <- nil
			}
			return true
		}
		c.reset()
	case 1:
		c.set(func() { c.panics = true })
	case 2:
		c.said <- nil // the end of the input
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
	case 6: // a lot at once, and then perhaps a break in the middle
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

func (m *simMember) send(lines ...string) { m.conn.said <- lines }

// line returns a random request.
func (m *simMember) line() string {
	s := m.story
	switch s.intN(16) {
	case 0:
		return m.request("format", pick(s, "json", "text"))
	case 1:
		return m.request("join", pick(s, lobby, lobby, "ops", "den"))
	case 2:
		return m.request("nick", fmt.Sprintf("%sx%d", m.name, s.intN(5)))
	case 3:
		return m.request("since", fmt.Sprint(m.story.anID()))
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

// anID returns an id that was given, or one that never was.
func (s *story) anID() int64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	order := s.journal.order[lobby]
	if len(order) == 0 || s.intN(10) == 0 {
		return int64(s.intN(2)) << 50
	}
	return order[s.intN(len(order))].ID
}

func (m *simMember) say(pad int) string { return m.request("say", m.story.text(pad)) }

// request returns a request in the format that the script has reached.
func (m *simMember) request(verb, arg string) (line string) {
	if m.format == wire.Text {
		switch verb {
		case "say":
			return arg
		case "msg":
			arg += " " + m.story.text(0)
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
		q["to"], q["text"] = arg, m.story.text(0)
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
