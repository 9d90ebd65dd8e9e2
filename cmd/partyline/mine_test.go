//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A mine is a server with its canaries. One case of abuse after the other goes on in it.
type mine struct {
	*program
	canaries [2]*canary
	base     time.Duration // p99 of the canaries where nothing goes on
	start    health
}

// newMine starts a server as it is by default, but that it loses patience sooner.
func newMine(t *testing.T) *mine {
	m := &mine{program: startProgram(t, "--write-timeout", "3s", "--header-timeout", "2s", "--log-format", "text")}
	m.canaries = newCanaries(t, m.program)
	m.start = m.health(t, "heap?")
	m.base = m.talk(t, func() { <-time.After(time.Second) })
	return m
}

// health is what a server needs.
type health struct {
	goroutines, descriptors int
	heap                    int64
}

// answerHealth is the server's side: it answers each line with what it needs. A line that
// asks for the heap has it collected first.
func answerHealth(in io.Reader, out io.Writer) {
	for questions := bufio.NewScanner(in); questions.Scan(); {
		var m runtime.MemStats
		if questions.Text() == "heap?" {
			runtime.GC()
			runtime.GC()
			runtime.ReadMemStats(&m)
		}
		fmt.Fprintf(out, "goroutines=%d heap=%d\n", runtime.NumGoroutine(), m.HeapAlloc)
	}
}

// health asks how the server is. The heap is asked for apart, since that takes long.
func (m *mine) health(t *testing.T, question string) (h health) {
	t.Helper()
	m.process.say(t, question)
	line := expectLine(t, m.out, `goroutines=(\d+) heap=(\d+)`)
	h.goroutines, _ = strconv.Atoi(line[0])
	h.heap, _ = strconv.ParseInt(line[1], 10, 64)
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", m.cmd.Process.Pid))
	if err != nil {
		missing(t, "/proc")
	}
	h.descriptors = len(fds)
	return h
}

// talk has the canaries exchange messages while something goes on, and checks that they
// hear all of each other's. It returns the p99 of how long that took.
func (m *mine) talk(t *testing.T, meanwhile func()) time.Duration {
	t.Helper()
	before := m.canaries[0].count()
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile()
	}()
	defer func() { <-done }()
	said := 0
	for going := true; going; {
		for _, c := range m.canaries {
			if err := c.say(c.text(said)); err != nil {
				t.Fatalf("the canary at %s: %v", c.name, err)
			}
			time.Sleep(canaryEvery / 2) // the pace of the talk
		}
		said++
		select {
		case <-done:
			going = false
		default:
		}
	}
	var want [2][]string
	for i, c := range m.canaries {
		if !eventually(func() bool { return c.count() >= before+2*said }) {
			t.Fatalf("the canary at %s heard %d messages of %d; its line: %v", c.name, c.count()-before, 2*said, c.end)
		}
		for n := range said {
			want[i] = append(want[i], fmt.Sprintf("@%s %d", c.name, n))
		}
	}
	var took []time.Duration
	var order []string
	for i, c := range m.canaries {
		c.mu.Lock()
		heard := slices.Clone(c.heard[before:])
		took = append(took, c.took[len(c.took)-len(heard):]...)
		bad := c.bad
		c.mu.Unlock()
		if len(bad) > 0 {
			t.Errorf("the canary at %s was sent %.200q", c.name, bad)
		}
		if i == 0 {
			order = heard
		} else if !slices.Equal(heard, order) {
			t.Errorf("the canaries heard other orders:\n%.500q\n%.500q", order, heard)
		}
		for j, from := range m.canaries {
			one := slices.DeleteFunc(slices.Clone(heard), func(s string) bool { return !strings.HasPrefix(s, "@"+from.name+" ") })
			if !slices.Equal(one, want[j]) {
				t.Errorf("the canary at %s heard of %s %.500q", c.name, from.name, one)
			}
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// flat is how long a message may take while a case goes on, on a machine that does much
// else. With the race detector, the cases alone take all of the machine.
var flat = map[bool]time.Duration{false: 500 * time.Millisecond, true: 8 * time.Second}[raceEnabled]

// heapGrowth is what all that members may leave in a server: history and the like.
const heapGrowth = 24 << 20

// endure has the canaries talk while a case goes on, and checks that nothing is left of it.
func (m *mine) endure(t *testing.T, c abuse) {
	before := m.health(t, "goroutines?")
	logged := m.err.count(func(string) bool { return true })
	a := newAbuser(t, m.program)
	p99 := m.talk(t, func() {
		defer a.goHome()
		c.run(a)
	})
	if limit := max(10*m.base, flat) + c.pause; p99 > limit {
		t.Errorf("the p99 of the canaries is %v, and %v where nothing goes on", p99, m.base)
	}
	select {
	case <-m.exited:
		t.Fatalf("the server is gone:\n%s", m.err)
	default:
	}
	var after health
	if !eventually(func() bool {
		after = m.health(t, "goroutines?")
		return after.goroutines <= before.goroutines && after.descriptors <= before.descriptors
	}) {
		t.Errorf("before: %+v, after: %+v", before, after)
	}
	if heap := m.health(t, "heap?").heap; heap > m.start.heap+heapGrowth {
		t.Errorf("the heap grew from %d to %d bytes", m.start.heap, heap)
	}
	if n := m.err.count(func(string) bool { return true }) - logged; n > 4*a.opened+20 {
		t.Errorf("%d lines are in the log for %d connections", n, a.opened)
	}
	if n := m.err.count(func(s string) bool { return strings.ContainsFunc(s, forbidden) }); n > 0 {
		t.Error("there are control characters in the log")
	}
}

// TestCanaries has the canaries talk through every case of abuse.
func TestCanaries(t *testing.T) {
	m := newMine(t)
	for _, area := range [][]abuse{connectionAbuses, lineAbuses, frameAbuses, httpAbuses, crowdAbuses, readerAbuses, nameAbuses} {
		for _, c := range area {
			t.Run(c.name, func(t *testing.T) { m.endure(t, c) })
		}
	}
}
