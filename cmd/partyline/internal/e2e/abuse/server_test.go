//go:build linux

package abuse

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// An abuseServer is a server with its probes. The cases of abuse run on it one at a time.
type abuseServer struct {
	*harness.Program
	probes [2]*probe
	base   time.Duration // p99 of the probes without abuse
	start  health
}

// newAbuseServer starts a server with its defaults, except for shorter timeouts.
func newAbuseServer(t *testing.T) *abuseServer {
	m := &abuseServer{Program: harness.StartProgram(t, "--write-timeout", "3s", "--header-timeout", "2s", "--log-format", "text")}
	m.probes = newProbes(t, m.Program)
	m.start = m.health(t, "heap?")
	m.base = m.measure(t, func() { <-time.After(time.Second) })
	return m
}

// health is what a server uses.
type health struct {
	goroutines, descriptors int
	heap                    int64
}

// health queries the server. Only the question "heap?" returns the heap, since that takes long.
func (m *abuseServer) health(t *testing.T, question string) (h health) {
	t.Helper()
	m.Process.Say(t, question)
	line := harness.ExpectLine(t, m.Out, `goroutines=(\d+) heap=(\d+)`)
	h.goroutines, _ = strconv.Atoi(line[0])
	h.heap, _ = strconv.ParseInt(line[1], 10, 64)
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", m.Cmd.Process.Pid))
	if err != nil {
		harness.Missing(t, "/proc")
	}
	h.descriptors = len(fds)
	return h
}

// measure lets the probes exchange messages while meanwhile runs, and checks that each receives all
// of them. It returns the p99 of their latency.
func (m *abuseServer) measure(t *testing.T, meanwhile func()) time.Duration {
	t.Helper()
	before := m.probes[0].count()
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile()
	}()
	defer func() { <-done }()
	said := 0
	for going := true; going; {
		for _, c := range m.probes {
			if err := c.say(c.text(said)); err != nil {
				t.Fatalf("the probe over %s: %v", c.name, err)
			}
			time.Sleep(probeInterval / 2) // the rate of the probes
		}
		said++
		select {
		case <-done:
			going = false
		default:
		}
	}
	var want [2][]string
	for i, c := range m.probes {
		if !harness.Eventually(func() bool { return c.count() >= before+2*said }) {
			t.Fatalf("the probe over %s received %d messages of %d; its connection: %v", c.name, c.count()-before, 2*said, c.end)
		}
		for n := range said {
			want[i] = append(want[i], fmt.Sprintf("@%s %d", c.name, n))
		}
	}
	var took []time.Duration
	var order []string
	for i, c := range m.probes {
		c.mu.Lock()
		heard := slices.Clone(c.received[before:])
		took = append(took, c.took[len(c.took)-len(heard):]...)
		bad := c.bad
		c.mu.Unlock()
		if len(bad) > 0 {
			t.Errorf("the probe over %s received %.200q", c.name, bad)
		}
		if i == 0 {
			order = heard
		} else if !slices.Equal(heard, order) {
			t.Errorf("the probes received different orders:\n%.500q\n%.500q", order, heard)
		}
		for j, from := range m.probes {
			one := slices.DeleteFunc(slices.Clone(heard), func(s string) bool { return !strings.HasPrefix(s, "@"+from.name+" ") })
			if !slices.Equal(one, want[j]) {
				t.Errorf("the probe over %s received from %s %.500q", c.name, from.name, one)
			}
		}
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// flat is the p99 that is allowed in any case, on a busy machine. With the race detector the cases
// alone use all of the machine.
var flat = map[bool]time.Duration{false: 500 * time.Millisecond, true: 8 * time.Second}[harness.RaceEnabled]

// heapGrowth is what members may leave in a server, as history for example, in bytes.
const heapGrowth = 24 << 20

// run runs a case while the probes talk, and checks that the server keeps nothing of it.
func (m *abuseServer) run(t *testing.T, c abuse) {
	before := m.health(t, "goroutines?")
	logged := m.Err.Count(func(string) bool { return true })
	a := newAbuser(t, m.Program)
	p99 := m.measure(t, func() {
		defer a.closeAll()
		c.run(a)
	})
	if limit := max(10*m.base, flat) + c.pause; p99 > limit {
		t.Errorf("the p99 of the probes is %v, and %v without abuse", p99, m.base)
	}
	select {
	case <-m.Exited:
		t.Fatalf("the server is gone:\n%s", m.Err)
	default:
	}
	var after health
	if !harness.Eventually(func() bool {
		after = m.health(t, "goroutines?")
		return after.goroutines <= before.goroutines && after.descriptors <= before.descriptors
	}) {
		t.Errorf("before: %+v, after: %+v", before, after)
	}
	if heap := m.health(t, "heap?").heap; heap > m.start.heap+heapGrowth {
		t.Errorf("the heap grew from %d to %d bytes", m.start.heap, heap)
	}
	if n := m.Err.Count(func(string) bool { return true }) - logged; n > 4*a.opened+20 {
		t.Errorf("%d lines are in the log for %d connections", n, a.opened)
	}
	if n := m.Err.Count(func(s string) bool { return strings.ContainsFunc(s, forbidden) }); n > 0 {
		t.Error("there are control characters in the log")
	}
}

// TestAbuse runs every case of abuse while probes talk. In short mode it runs one of each kind.
func TestAbuse(t *testing.T) {
	m := newAbuseServer(t)
	for _, area := range [][]abuse{connectionAbuses, lineAbuses, frameAbuses, httpAbuses, floodAbuses, readerAbuses, nameAbuses} {
		if testing.Short() {
			area = area[:1]
		}
		for _, c := range area {
			t.Run(c.name, func(t *testing.T) { m.run(t, c) })
		}
	}
}
