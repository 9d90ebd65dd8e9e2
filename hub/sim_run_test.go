package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/admission"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// A simulation is a hub, or several that share a journal, and members with random scripts. One seed determines all of
// them.
type simulation struct {
	hubs    []*Hub
	net     *FakeNet      // between several hubs; nil if there is one
	speed   time.Duration // how much faster than in the scripts time passes
	settle  func()        // waits until nothing happens any more, and checks what the members received
	cuts    bool          // names can't be claimed at times
	journal *simJournal
	seed    uint64
	errors  []string

	mu      sync.Mutex
	random  *rand.Rand
	members []*simMember
	texts   int
	said    map[string]string // texts by key
	keys    map[string]string // by member, that of the last message that it said
	streams map[*stream]bool  // every stream that checkState has seen
}

// A simMember is one connection, and what its script has sent.
type simMember struct {
	sim   *simulation
	name  string
	conn  *simConn
	first wire.Format   // the format of the arrival
	since int64         // id to resume after; -1 for none
	token string        // of the identity that it resumes; "" for none
	nick  string        // of that identity
	stays bool          // the connection stays until another one resumes its identity
	end   chan struct{} // closed when Serve returns

	format wire.Format       // of the requests that the script sends
	refs   map[string]string // requests by ref
}

// intN returns a random number less than n. Any goroutine may call it.
func (s *simulation) intN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

func (s *simulation) errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errors) < 10 {
		s.errors = append(s.errors, fmt.Sprintf(format, args...))
	}
}

// text returns a text that no member has said.
func (s *simulation) text(pad int) string {
	s.mu.Lock()
	s.texts++
	n := s.texts
	s.mu.Unlock()
	return fmt.Sprintf("t%d %s", n, strings.Repeat("x", pad))
}

// noteSaid notes a message that a member says with a key.
func (s *simulation) noteSaid(member, key, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said[key], s.keys[member] = text, key
}

// lastKey returns the key of the last message of a member that has one, or "".
func (s *simulation) lastKey(member string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[member]
}

// textOf returns the text of the message with a key.
func (s *simulation) textOf(key string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[key]
}

// pick returns a random choice.
func pick[T any](s *simulation, choices ...T) T { return choices[s.intN(len(choices))] }

// simulate runs the simulation of a seed in a bubble, and returns the errors that it finds.
func simulate(t *testing.T, seed uint64) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		s := &simulation{
			seed: seed, random: rand.New(rand.NewPCG(seed, 0)),
			speed: 1, said: make(map[string]string), keys: make(map[string]string), streams: make(map[*stream]bool),
		}
		s.settle = func() {
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			s.check()
		}
		s.journal = newSimJournal(pick(s, 20, 300, 100_000, 100_000), s.intN)
		o := Options{
			Journal: s.journal, Window: int64(pick(s, 2, 8, 32, 256)) << 10, Replay: pick(s, -1, 5, 20),
			Limits: admission.Limits{Backlog: int64(pick(s, 0, 64<<10))},
		}
		if s.intN(3) == 0 {
			o.Rate, o.Burst = 20, 40
		}
		s.start(o, pick(s, 1, 1, 2, 3))
		s.run(2+s.intN(*simMembers), 5+s.intN(40))
		wrong = s.errors
	})
	return wrong
}

// start starts n hubs.
func (s *simulation) start(o Options, n int) {
	if n == 1 {
		s.hubs = append(s.hubs, New(o))
		return
	}
	s.net, s.cuts = NewFakeNet(), s.intN(2) == 0
	for i := range n {
		o.Journal, o.Directory = s.journal.newNode(), s.net.Add(fmt.Sprint("server ", i))
		s.hubs = append(s.hubs, New(o))
	}
}

// run runs the scripts of the members while the journal fails at times, and then checks what
// each member received.
func (s *simulation) run(members, steps int) {
	var scripts sync.WaitGroup
	for i := range members {
		scripts.Go(func() { s.runScript(fmt.Sprintf("m%d", i), steps) })
	}
	done := make(chan struct{})
	go func() {
		scripts.Wait()
		close(done)
	}()
	faults := rand.New(rand.NewPCG(s.seed, 1))
	for alive := true; alive; {
		select {
		case <-done:
			alive = false
		case <-time.After(time.Duration(faults.IntN(3000)) * time.Millisecond / s.speed):
			if faults.IntN(2) == 0 {
				s.journal.setMode(simMode{})
			} else {
				s.journal.setMode(randomMode(faults))
			}
			s.setReachable(faults.IntN(4) > 0)
		}
		s.checkState()
	}
	// Nothing fails from here on: the connected members receive everything.
	s.journal.setMode(simMode{})
	s.setReachable(true)
	for _, m := range s.members {
		m.conn.set(func() { m.conn.rate, m.conn.size = 1<<30, 1<<30 })
	}
	s.settle()
	for _, m := range s.members[:len(s.members)/2] {
		m.conn.reset()
	}
	for _, m := range s.members[:len(s.members)/2] {
		<-m.end
	}
	s.checkState()
	for _, h := range s.hubs {
		h.Shutdown(context.Background())
	}
	for _, m := range s.members {
		<-m.end
	}
	for _, h := range s.hubs {
		s.checkEnd(h)
	}
	if s.net != nil {
		s.net.Close()
	}
}

// check checks what each member received, and the state of the hubs, when nothing happens any more.
func (s *simulation) check() {
	s.checkState()
	s.checkNames()
	s.checkPeers()
	s.checkTexts()
	for _, m := range s.members {
		m.check()
	}
}

// sleep sleeps for a part of d, in which as much happens as in the scripts in d.
func (s *simulation) sleep(d time.Duration) { time.Sleep(d / s.speed) }

// rate returns a random choice of rates in bytes a second, as they are in the scripts.
func (s *simulation) rate(choices ...int) int { return pick(s, choices...) * int(s.speed) }

// setReachable makes the hubs able or unable to claim names.
func (s *simulation) setReachable(reachable bool) {
	switch {
	case s.net == nil:
	case reachable:
		s.net.Reach()
	case s.cuts:
		s.net.Mu.Lock()
		defer s.net.Mu.Unlock()
		s.net.Unreachable = true
	}
}

// checkTexts checks that no room has a message twice, unless its key was forgotten.
func (s *simulation) checkTexts() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	for room, order := range s.journal.order {
		said := make(map[string]time.Time, len(order))
		for _, m := range order {
			if at, ok := said[m.Text]; ok && m.At.Sub(at) < history.KeyLife {
				s.errorf("%s has %.20q twice, at %v and %v", room, m.Text, at, m.At)
			}
			said[m.Text] = m.At
		}
	}
}

// runScript runs the script of a member, over several connections if it disconnects.
func (s *simulation) runScript(name string, steps int) {
	since, token, nick := int64(-1), "", ""
	for steps > 0 {
		m := s.connect(name, since, token, nick)
		for ; steps > 0 && m.conn.alive(); steps-- {
			s.sleep(time.Duration(s.intN(200)*s.intN(5)) * time.Millisecond)
			if m.act() {
				break
			}
		}
		if steps > 0 {
			since, token = -1, ""
			if s.intN(2) == 0 {
				since = m.lastID()
			}
			if s.intN(2) == 0 {
				token, nick = m.identity()
			}
			stays := m.stays && token != ""
			if m.stays && !stays {
				m.conn.reset()
			}
			if !stays {
				<-m.end
			}
		}
	}
}

// resumeRef is the ref of a resume.
const resumeRef = "resume"

// connect connects a member to one of the hubs. It resumes the identity of a token, if there is one.
func (s *simulation) connect(name string, since int64, token, nick string) *simMember {
	m := &simMember{
		sim: s, name: name, since: since, token: token, nick: nick, end: make(chan struct{}), refs: make(map[string]string),
		conn: newSimConn(pick(s, 300, 2000, 30_000, 1<<30), s.rate(1000, 5000, 50_000, 1<<30)),
	}
	m.first = pick(s, wire.Text, wire.JSON)
	if token != "" {
		m.first = wire.JSON
	}
	m.format = m.first
	caller := Caller{Via: "sim", Format: m.first, Codecs: simCodecs}
	if token == "" && s.intN(3) > 0 {
		caller.Nick = name
	}
	if token == "" && since >= 0 {
		caller.Since = fmt.Sprint(since)
	}
	h := s.hubs[s.intN(len(s.hubs))]
	var conn Conn = m.conn
	if s.intN(4) > 0 {
		conn = simTryConn{m.conn}
	}
	s.mu.Lock()
	s.members = append(s.members, m)
	s.mu.Unlock()
	go func() {
		defer close(m.end)
		h.Serve(context.Background(), &caller, conn)
	}()
	if token != "" {
		m.send(m.resume())
	}
	return m
}
