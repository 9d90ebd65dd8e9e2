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
	"partyline/hub/wire"
)

// A simulation is a hub, its journal, and members with random scripts. One seed determines all
// of them.
type simulation struct {
	hub     *Hub
	journal *simJournal
	seed    uint64
	errors  []string

	mu      sync.Mutex
	random  *rand.Rand
	members []*simMember
	texts   int
	streams map[*stream]bool // every stream that checkState has seen
}

// A simMember is one connection, and what its script has sent.
type simMember struct {
	sim   *simulation
	name  string
	conn  *simConn
	first wire.Format   // the format of the arrival
	since int64         // id to resume after; -1 for none
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

// pick returns a random choice.
func pick[T any](s *simulation, choices ...T) T { return choices[s.intN(len(choices))] }

// simulate runs the simulation of a seed in a bubble, and returns the errors that it finds.
func simulate(t *testing.T, seed uint64) (wrong []string) {
	synctest.Test(t, func(t *testing.T) {
		s := &simulation{seed: seed, random: rand.New(rand.NewPCG(seed, 0)), streams: make(map[*stream]bool)}
		s.journal = newSimJournal(pick(s, 20, 300, 100_000, 100_000), s.intN)
		o := Options{
			Journal: s.journal, Window: int64(pick(s, 2, 8, 32, 256)) << 10, Replay: pick(s, -1, 5, 20),
			Limits: admission.Limits{Backlog: int64(pick(s, 0, 64<<10))},
		}
		if s.intN(3) == 0 {
			o.Rate, o.Burst = 20, 40
		}
		s.hub = New(o)
		s.run(2+s.intN(*simMembers), 5+s.intN(40))
		wrong = s.errors
	})
	return wrong
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
		case <-time.After(time.Duration(faults.IntN(3000)) * time.Millisecond):
			if faults.IntN(2) == 0 {
				s.journal.setMode(simMode{})
			} else {
				s.journal.setMode(randomMode(faults))
			}
		}
		s.checkState()
	}
	// Nothing fails from here on: the connected members receive everything.
	s.journal.setMode(simMode{})
	for _, m := range s.members {
		m.conn.set(func() { m.conn.rate, m.conn.size = 1<<30, 1<<30 })
	}
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	s.checkState()
	for _, m := range s.members {
		m.check()
	}
	for _, m := range s.members[:len(s.members)/2] {
		m.conn.reset()
	}
	synctest.Wait()
	s.checkState()
	s.hub.Shutdown(context.Background())
	for _, m := range s.members {
		<-m.end
	}
	s.checkEnd()
}

// runScript runs the script of a member, over several connections if it disconnects.
func (s *simulation) runScript(name string, steps int) {
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

func (s *simulation) connect(name string, since int64) *simMember {
	m := &simMember{
		sim: s, name: name, since: since, end: make(chan struct{}), refs: make(map[string]string),
		conn: newSimConn(pick(s, 300, 2000, 30_000, 1<<30), pick(s, 1000, 5000, 50_000, 1<<30)),
	}
	m.first = pick(s, wire.Text, wire.JSON)
	m.format = m.first
	caller := Caller{Nick: name, Via: "sim", Format: m.first, Codecs: simCodecs}
	if s.intN(3) == 0 {
		caller.Nick = ""
	}
	if since >= 0 {
		caller.Since = fmt.Sprint(since)
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
		s.hub.Serve(context.Background(), &caller, conn)
	}()
	return m
}
