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
	target
	probes [2]*probe
	base   time.Duration // p99 of the probes without abuse
	start  usage
}

// window is the memory in which a room of the server keeps messages. No case says as much in the room of the
// probes, so that a probe that gets no CPU time for a while misses nothing.
const window = 4 << 20

// newAbuseServer starts a server with its defaults, except for shorter timeouts and the window, for one way.
func newAbuseServer(t *testing.T, w *way) *abuseServer {
	flags, roots := w.flags(t)
	flags = append(flags, "--window", fmt.Sprint(window>>10), "--write-timeout", "3s", "--header-timeout", "2s", "--log-format", "text")
	s := &abuseServer{target: target{harness.StartProgram(t, flags...), roots}}
	s.probes = newProbes(t, &s.target)
	s.start = s.usage(t, "heap?")
	s.base = s.measure(t, func() { <-time.After(time.Second) })
	return s
}

// usage holds the resources that a server uses.
type usage struct {
	goroutines, descriptors int
	heap                    int64
}

// usage queries the resources of the server. Only the question "heap?" returns the heap, since that takes long.
func (s *abuseServer) usage(t *testing.T, question string) (u usage) {
	t.Helper()
	s.Process.Say(t, question)
	line := harness.ExpectLine(t, s.Out, `goroutines=(\d+) heap=(\d+)`)
	u.goroutines, _ = strconv.Atoi(line[0])
	u.heap, _ = strconv.ParseInt(line[1], 10, 64)
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.Cmd.Process.Pid))
	if err != nil {
		harness.Missing(t, "/proc")
	}
	u.descriptors = len(fds)
	return u
}

// measure lets the probes exchange messages while meanwhile runs, and checks that each receives all
// of them. It returns the p99 of their latency.
func (s *abuseServer) measure(t *testing.T, meanwhile func()) time.Duration {
	t.Helper()
	before := s.probes[0].count()
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile()
	}()
	defer func() { <-done }()
	said := 0
	for running := true; running; {
		for _, p := range s.probes {
			if err := p.say(p.text(said)); err != nil {
				t.Fatalf("the probe over %s: %v", p.name, err)
			}
			time.Sleep(probeInterval / 2) // the two probes take turns
		}
		said++
		select {
		case <-done:
			running = false
		default:
		}
	}
	var want [2][]string
	for i, p := range s.probes {
		if !harness.Eventually(func() bool { return p.count() >= before+2*said }) {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("the probe over %s received %d messages of %d, and %.500q; the end of its connection: %v",
				p.name, len(p.received)-before, 2*said, p.bad, p.end)
		}
		for n := range said {
			want[i] = append(want[i], fmt.Sprintf("@%s %d", p.name, n))
		}
	}
	var latencies []time.Duration
	var order []string
	for i, p := range s.probes {
		p.mu.Lock()
		received := slices.Clone(p.received[before:])
		latencies = append(latencies, p.took[len(p.took)-len(received):]...)
		bad := p.bad
		p.mu.Unlock()
		if len(bad) > 0 {
			t.Errorf("the probe over %s received %.200q", p.name, bad)
		}
		if i == 0 {
			order = received
		} else if !slices.Equal(received, order) {
			t.Errorf("the probes received different orders:\n%.500q\n%.500q", order, received)
		}
		for j, from := range s.probes {
			one := slices.DeleteFunc(slices.Clone(received), func(s string) bool { return !strings.HasPrefix(s, "@"+from.name+" ") })
			if !slices.Equal(one, want[j]) {
				t.Errorf("the probe over %s received from %s %.500q", p.name, from.name, one)
			}
		}
	}
	slices.Sort(latencies)
	return latencies[len(latencies)*99/100]
}

// minLatencyLimit is a p99 that is always allowed, since the machine may be busy. It is larger with the
// race detector, with which a case uses all of the CPU time.
var minLatencyLimit = map[bool]time.Duration{false: 500 * time.Millisecond, true: 8 * time.Second}[harness.RaceEnabled]

// heapGrowth is the number of bytes by which the heap may grow, for example with history.
const heapGrowth = 24 << 20

// run runs a case while the probes talk. It checks their latency, and that the server releases all
// resources of the case.
func (s *abuseServer) run(t *testing.T, c abuse) {
	before := s.usage(t, "goroutines?")
	logged := s.Err.Count(func(string) bool { return true })
	a := newAbuser(t, &s.target)
	p99 := s.measure(t, func() {
		defer a.closeAll()
		c.run(a)
	})
	if limit := max(10*s.base, minLatencyLimit) + c.pause; p99 > limit {
		t.Errorf("the p99 of the probes is %v, and %v without abuse", p99, s.base)
	}
	select {
	case <-s.Exited:
		t.Fatalf("the server exited:\n%s", s.Err)
	default:
	}
	var after usage
	if !harness.Eventually(func() bool {
		after = s.usage(t, "goroutines?")
		return after.goroutines <= before.goroutines && after.descriptors <= before.descriptors
	}) {
		t.Errorf("the server leaks: before %+v, after %+v", before, after)
	}
	if heap := s.usage(t, "heap?").heap; heap > s.start.heap+heapGrowth {
		t.Errorf("the heap grew from %d to %d bytes", s.start.heap, heap)
	}
	if n := s.Err.Count(func(string) bool { return true }) - logged; n > 4*a.opened+20 {
		t.Errorf("the server logged %d lines for %d connections", n, a.opened)
	}
	if n := s.Err.Count(func(s string) bool { return strings.ContainsFunc(s, forbidden) }); n > 0 {
		t.Error("the log contains control characters")
	}
}

// TestAbuse runs every case while probes talk, in each way to reach the server. In short mode it runs one
// case of each kind, over TCP.
func TestAbuse(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			if w != ways[0] {
				harness.SkipIfShort(t)
				if !harness.RaceEnabled {
					t.Skip("the other ways run with the race detector only")
				}
			}
			t.Parallel()
			testAbuse(t, w)
		})
	}
}

func testAbuse(t *testing.T, w *way) {
	s := newAbuseServer(t, w)
	kinds := [][]abuse{connectionAbuses, lineAbuses, frameAbuses, httpAbuses, floodAbuses, readerAbuses, nameAbuses}
	if w.onePort {
		kinds = [][]abuse{connectionAbuses, frameAbuses, httpAbuses} // the rest does not depend on who accepts
	}
	if s.roots != nil {
		kinds = append(kinds, tlsAbuses)
	}
	for _, kind := range kinds {
		if testing.Short() {
			kind = kind[:1]
		}
		for _, c := range kind {
			if !(w.onePort && notHTTP[c.name]) && !(c.slow && w != ways[0]) {
				t.Run(c.name, func(t *testing.T) { s.run(t, c) })
			}
		}
	}
}
