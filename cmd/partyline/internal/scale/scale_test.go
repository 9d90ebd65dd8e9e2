package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// small is a configuration of one partyline and one room, with machines that are never busy.
func small() config {
	return config{
		nodes: 1, members: 100, rooms: 1, rate: 0.1, session: 600, bytes: 50, partitions: 1, replicas: 1, nats: 1,
		cores: 8, network: 10, memory: 64, disk: 500, duration: 20, sample: 1, seed: 1,
	}
}

// TestQueue follows jobs whose times are known.
func TestQueue(t *testing.T) {
	for _, c := range []struct {
		name    string
		servers int
		key     int
		want    []float64 // the ends of items that arrive at 0, 1 and 2
	}{
		{"one server", 1, noKey, []float64{5, 10, 15}},
		{"two servers", 2, noKey, []float64{5, 6, 10}},
		{"items that wait together", 1, 7, []float64{5, 12, 12}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var k clock
			p := newPart(&k, c.servers)
			got := make([]float64, 3)
			for i := range got {
				k.at(float64(i), func() { p.add(c.key, cost{wake: 3, each: 2}, func() { got[i] = k.now }) })
			}
			k.run()
			for i := range got {
				if got[i] != c.want[i] {
					t.Fatalf("the items end at %v, want %v", got, c.want)
				}
			}
			if p.floor != 6 {
				t.Errorf("the items take %v s, want 6", p.floor)
			}
		})
	}
}

// TestRandomQueue compares the mean wait with that of a queue with random arrivals and constant times (M/D/1), which is
// use / (2 * (1 - use)) times the time of a job.
func TestRandomQueue(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, use := range []float64{0.3, 0.8} {
		var k clock
		p := newPart(&k, 1)
		const n = 100_000
		at, waited := 0.0, 0.0
		for range n {
			at += rng.ExpFloat64() / use
			k.at(at, func() {
				arrived := k.now
				p.add(noKey, cost{each: 1}, func() { waited += k.now - arrived - 1 })
			})
		}
		k.run()
		if got, want := waited/n, use/(2*(1-use)); math.Abs(got-want) > 0.05*want {
			t.Errorf("at a use of %v the mean wait is %v, want %v", use, got, want)
		}
	}
}

// TestConservation counts messages and members at all partylines.
func TestConservation(t *testing.T) {
	for name, change := range map[string]func(*config){
		"one partyline, one room": func(*config) {},
		"several partylines":      func(c *config) { c.nodes, c.sample, c.nats, c.replicas = 5, 5, 3, 3 },
		"more than the cores can": func(c *config) { c.cores, c.members, c.rate = 1, 5000, 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := small()
			change(&c)
			s := simulate(c).s
			if s.said == 0 || s.stored != s.said {
				t.Errorf("%d messages were said, %d stored", s.said, s.stored)
			}
			if want := s.said * c.nodes; s.heard != want {
				t.Errorf("partylines received %d messages, want %d", s.heard, want)
			}
			if want := s.said * c.members; s.delivered != want {
				t.Errorf("members received %d messages, want %d", s.delivered, want)
			}
			if s.writes < s.delivered {
				t.Errorf("there were %d events for members, of which %d were messages", s.writes, s.delivered)
			}
		})
	}
}

// TestRates compares a simulation with what its rates say.
func TestRates(t *testing.T) {
	c := small()
	c.members, c.nodes, c.sample, c.rooms = 10_000, 10, 10, 100
	s := simulate(c).s
	if want := float64(c.members) * c.rate * c.duration; math.Abs(float64(s.said)-want) > 5*math.Sqrt(want) {
		t.Errorf("%d messages were said, want about %.0f", s.said, want)
	}
	if want := float64(c.members) * 2 / c.session * c.duration; math.Abs(float64(s.changes)-want) > 5*math.Sqrt(want) {
		t.Errorf("there were %d changes, want about %.0f", s.changes, want)
	}
	for _, row := range newReport(s).rows { // 100 members of a room of one size receive 1000 messages a second
		if want := 1000 * 100 / 10 * float64(s.memberBytes) * 8 / 1e10; strings.Contains(row.part, "network out, to") && math.Abs(row.use-want) > 0.2*want {
			t.Errorf("the use of the network to members is %v, want about %v", row.use, want)
		}
	}
}

// TestMembers places members. Each has one room and one partyline.
func TestMembers(t *testing.T) {
	c := small()
	c.members, c.rooms, c.nodes, c.sample, c.zipf, c.partitions = 12_345, 77, 7, 7, 1, 4
	w := newWorld(c, rand.New(rand.NewPCG(1, 1)))
	total := 0
	for r, size := range w.sizes {
		sum := 0
		for _, here := range w.here {
			sum += int(here[r])
		}
		if sum != size || r > 0 && size > w.sizes[r-1]+1 || w.partition[r] < 0 || w.partition[r] >= 4 {
			t.Fatalf("room %d has %d members, %d of them on partylines, after a room of %d; partition %d", r, size, sum, w.sizes[max(r-1, 0)], w.partition[r])
		}
		if w.roomOf(total) != r || w.roomOf(total+size-1) != r {
			t.Fatalf("members %d to %d are not in room %d", total, total+size-1, r)
		}
		total += size
	}
	if total != c.members {
		t.Errorf("%d members are in rooms, want %d", total, c.members)
	}
	if ratio := float64(w.sizes[0]) / float64(w.sizes[9]); ratio < 9 || ratio > 11 {
		t.Errorf("the first room is %v times the tenth, want about 10", ratio)
	}
}

// TestHotRoom makes one room large. Its stream has most messages, and each message has more recipients.
func TestHotRoom(t *testing.T) {
	c := small()
	c.nodes, c.sample, c.members, c.rooms, c.partitions, c.duration = 4, 4, 4000, 400, 4, 5
	even := simulate(c).s
	c.zipf = 2
	hot := simulate(c).s
	if s := hot.streams[hot.partition[0]]; 2*s.items < hot.said {
		t.Errorf("the stream of the hot room has %d of %d messages", s.items, hot.said)
	}
	if s := busiest(even.streams); 2*s.items > even.said {
		t.Errorf("with rooms of one size, a stream has %d of %d messages", s.items, even.said)
	}
	if a, b := even.delivered/even.said, hot.delivered/hot.said; b < 10*a {
		t.Errorf("a message has %d recipients with rooms of one size, and %d with a hot room", a, b)
	}
}

// TestFirst raises the capacity of the part that saturates first. Another one is then the first, later.
func TestFirst(t *testing.T) {
	c := small()
	c.members, c.network, c.duration = 2000, 0.001, 5
	part, factor := simulate(c).first()
	if !strings.Contains(part, "network out, to members") || factor > 1 {
		t.Fatalf("the first is %s, at %v", part, factor)
	}
	c.network = 1000
	next, later := simulate(c).first()
	if next == part || later <= factor {
		t.Errorf("with a faster network, the first is %s at %v, after %s at %v", next, later, part, factor)
	}
}

// TestOverload compares the delays below and above the capacity of a stream.
func TestOverload(t *testing.T) {
	c := small()
	c.session, c.members, c.rooms, c.cores = 1e9, 100_000, 100_000, 1000
	c.duration = 0.5
	limit := 1 / streamTime1.seconds() / float64(c.members)
	var p99 [2]float64
	for i, load := range []float64{0.8, 1.5} {
		c.rate = limit * load
		s := simulate(c).s
		p99[i] = quantile(s.delays[toStored], 0.99)
	}
	if p99[0] > 0.01 || p99[1] < 0.1 {
		t.Errorf("99 of 100 messages are stored within %v s below the capacity, and %v s above", p99[0], p99[1])
	}
}

// TestSame runs a simulation twice.
func TestSame(t *testing.T) {
	c := small()
	c.nodes, c.sample, c.members, c.rooms, c.zipf = 9, 2, 5000, 50, 1
	text := func() string {
		var b bytes.Buffer
		simulate(c).print(&b)
		return b.String()
	}
	first := text()
	if second := text(); second != first {
		t.Errorf("the second run prints\n%s\nand the first one\n%s", second, first)
	}
	if c.seed = 2; text() == first {
		t.Error("another seed prints the same")
	}
}

func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*config){
		"nodes":    func(c *config) { c.nodes = 0 },
		"replicas": func(c *config) { c.replicas, c.nats = 2, 3 },
		"nats":     func(c *config) { c.replicas = 3 },
		"rate":     func(c *config) { c.rate = math.NaN() },
		"session":  func(c *config) { c.session = 0 },
	} {
		c := small()
		if err := c.check(); err != nil {
			t.Fatal(err)
		}
		if change(&c); c.check() == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
}

// TestCosts checks that each cost has a value and a source.
func TestCosts(t *testing.T) {
	var b bytes.Buffer
	printCosts(&b)
	for _, f := range figures {
		if f.value <= 0 || f.source == "" || !strings.Contains(b.String(), f.what) {
			t.Errorf("%+v is not complete", *f)
		}
	}
}
