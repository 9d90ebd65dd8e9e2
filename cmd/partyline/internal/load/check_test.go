//go:build linux

package load

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// newEars returns a run with a loop and two members on the same wire who hear the tape
// from its start, and what one of them hears when the talkers say something: a word of
// letters, each a talker.
func newEars(t *testing.T, w wire) (l *loop, a, b *member, tell func(word string) []byte) {
	t.Helper()
	r := &run{plan: &Plan{Rate: 1}, magic: newMagic(), sampling: 1}
	l = &loop{run: r, latency: newHistogram()}
	l.heard = l.hear
	room := newRoom(r.magic, 1, 3)
	for _, m := range []**member{&a, &b} {
		*m = &member{wire: w, room: room, name: lobby, stage: waiting, split: splitter{ws: w.ws}}
	}
	said := make([]uint32, 3)
	frame := func(h header) []byte {
		line := r.magic.appendHeader([]byte("guest-1f2e: "), h)
		if w.ws {
			return append([]byte{finText, byte(len(line))}, line...)
		}
		return append(line, '\n')
	}
	start := frame(header{talker: starter})
	l.take(a, start)
	l.take(b, start)
	return l, a, b, func(word string) (heard []byte) {
		for _, c := range word {
			talker := uint16(c - 'a')
			heard = append(heard, frame(header{talker, said[talker], 1})...)
			said[talker]++
		}
		return heard
	}
}

// judged returns what the members heard wrong where each talker said so many messages.
func judged(l *loop, said []uint32, members ...*member) Faults {
	var rep Report
	l.run.plan.Rooms = 1
	l.run.rooms = []*room{members[0].room}
	l.run.members = members
	for i, n := range said {
		t := &talker{id: uint16(i)}
		t.sent.Store(n)
		l.run.talkers = append(l.run.talkers, t)
	}
	l.run.judge(&rep)
	return rep.Faults
}

// TestChecker has one member hear everything and another one something else.
func TestChecker(t *testing.T) {
	// Each message is named by its place: 0 to 5 are a, b, c, a, b, c.
	// Who hears first says what the order is, but for that of one talker.
	for name, c := range map[string]struct {
		first, second []int
		want          Faults
	}{
		"all":                    {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{}},
		"one lost":               {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 3, 4, 5}, Faults{Lost: 1}},
		"the first lost":         {[]int{0, 1, 2, 3, 4, 5}, []int{1, 2, 3, 4, 5}, Faults{Lost: 1}},
		"the end lost":           {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2}, Faults{Lost: 3}},
		"lost by the first":      {[]int{0, 1, 2, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{Lost: 1}},
		"all lost":               {[]int{0, 1, 2, 3, 4, 5}, nil, Faults{Lost: 6}},
		"lost by both":           {[]int{0, 1, 2, 3, 4}, []int{0, 1, 2, 3, 4}, Faults{Lost: 2}},
		"doubled":                {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 2, 4, 5}, Faults{Doubled: 1}},
		"doubled at the end":     {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5, 5}, Faults{Doubled: 1}},
		"disordered":             {[]int{0, 1, 2, 3, 4, 5}, []int{0, 2, 1, 3, 4, 5}, Faults{Disordered: 1}},
		"disordered, one talker": {[]int{0, 1, 2, 3, 4, 5}, []int{1, 2, 3, 0, 4, 5}, Faults{Disordered: 1}},
		"doubled by the first":   {[]int{0, 1, 2, 3, 2, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{Doubled: 1}},
		"disordered by both":     {[]int{0, 1, 3, 4, 5, 2}, []int{0, 1, 3, 4, 5, 2}, Faults{Disordered: 2}},
		"all of it":              {[]int{0, 1, 2, 3, 4, 5}, []int{1, 0, 2, 2, 5, 4}, Faults{Lost: 1, Doubled: 1, Disordered: 2}},
	} {
		for _, w := range []wire{{false, Text}, {true, Text}} {
			for _, part := range []int{1, 7, 1 << 20} {
				t.Run(fmt.Sprintf("%s/%v/%d", name, w.ws, part), func(t *testing.T) {
					l, a, b, tell := newEars(t, w)
					var messages [][]byte
					for _, c := range "abcabc" {
						messages = append(messages, tell(string(c)))
					}
					hear := func(m *member, heard []int) {
						var all []byte
						for _, i := range heard {
							all = append(all, messages[i]...)
						}
						for len(all) > 0 { // wherever the reads part it
							n := min(part, len(all))
							l.take(m, all[:n])
							all = all[n:]
						}
					}
					hear(a, c.first)
					hear(b, c.second)
					if got := judged(l, []uint32{2, 2, 2}, a, b); got != c.want {
						t.Errorf("found %+v, not %+v", got, c.want)
					}
				})
			}
		}
	}
}

// TestApart has a member hear what is for it alone: it is no fault, and what comes behind
// it is still checked.
func TestApart(t *testing.T) {
	l, a, b, tell := newEars(t, wire{false, Text})
	one, two, three := tell("aab"), tell("bbc"), tell("cca")
	l.take(a, append(append(append([]byte(nil), one...), two...), three...))
	l.take(b, one)
	l.take(b, two[:20])
	l.take(b, two[20:])
	l.take(b, []byte("-- you are being slowed: 10 lines a second --\n"))
	if b.stage != alone {
		t.Error("it did not notice")
	}
	l.take(b, three)
	if got := judged(l, []uint32{3, 3, 3}, a, b); got.Any() {
		t.Errorf("found %+v", got)
	}
	if l.count != 18 {
		t.Errorf("counted %d deliveries, not 18", l.count)
	}
}

// TestFormats compares the order on two wires of one room.
func TestFormats(t *testing.T) {
	l, a, b, tell := newEars(t, wire{false, Text})
	c := &member{wire: wire{false, JSON}, room: a.room, name: lobby, stage: waiting}
	l.take(c, append(l.run.magic.appendHeader(nil, header{talker: starter}), '\n'))
	one, two := tell("a"), tell("b")
	both := append(append([]byte(nil), one...), two...)
	l.take(a, both)
	l.take(b, both)
	l.take(c, append(append([]byte(nil), two...), one...))
	if got, want := judged(l, []uint32{1, 1, 0}, a, b, c), (Faults{Disordered: 1}); got != want {
		t.Errorf("found %+v, not %+v", got, want)
	}
}

func TestSplitter(t *testing.T) {
	var frames []byte
	var want []string
	for _, n := range []int{0, 1, 125, 126, 4000, 70000} {
		payload := strings.Repeat("x", n)
		want = append(want, payload)
		switch {
		case n < 126:
			frames = append(frames, finText, byte(n))
		case n < 1<<16:
			frames = append(frames, finText, 126, byte(n>>8), byte(n))
		default:
			frames = append(frames, finText, 127, 0, 0, 0, 0, 0, byte(n>>16), byte(n>>8), byte(n))
		}
		frames = append(frames, payload...)
	}
	for name, c := range map[string]struct {
		ws    bool
		bytes []byte
	}{
		"frames": {true, frames},
		"lines":  {false, []byte(strings.Join(want, "\n") + "\n")},
	} {
		for _, part := range []int{1, 2, 3, 100, 1 << 20} {
			s := splitter{ws: c.ws}
			var got []string
			for rest := c.bytes; len(rest) > 0; {
				read := rest[:min(part, len(rest))]
				rest = rest[len(read):]
				for len(read) > 0 {
					frame, n, ok := s.next(read)
					read = read[n:]
					if ok {
						got = append(got, string(frame))
					}
				}
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s in parts of %d: %d frames, not the %d", name, part, len(got), len(want))
			}
		}
	}
}

func TestHeader(t *testing.T) {
	m, other := newMagic(), newMagic()
	for other == m {
		other = newMagic()
	}
	want := header{4095, 1<<32 - 1, 1<<48 - 1}
	line := m.appendHeader([]byte(`{"type":"message","text":"`), want)
	if got, ok := m.find(append(line, " and more"...)); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	if _, ok := m.find(line[:len(line)-1]); ok {
		t.Error("found in a part")
	}
	if _, ok := other.find(line); ok {
		t.Error("found the header of another run")
	}
}

// TestHome refuses an address that is not on this machine, where nobody named it.
func TestHome(t *testing.T) {
	for addr, home := range map[string]bool{
		"127.0.0.1:4000": true, "[::1]:4000": true, ":4000": true,
		"192.0.2.1:4000": false, "[2001:db8::1]:4000": false,
	} {
		p := Plan{Addr: addr}
		if _, err := p.target(); (err == nil) != home {
			t.Errorf("%s: %v", addr, err)
		}
		p = Plan{URL: "ws://" + addr + "/ws"}
		if _, err := p.target(); (err == nil) != home {
			t.Errorf("%s: %v", p.URL, err)
		}
		p.Away = true
		if _, err := p.target(); err != nil {
			t.Errorf("%s, named: %v", addr, err)
		}
	}
}

// TestReport looks at what a report is for machines and for people.
func TestReport(t *testing.T) {
	rep := runOn(t, "partyline", Plan{TCP: 10, Talkers: 2, Window: 4, Messages: 100})
	out, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"plan.tcp", "plan.talkers", "members", "arrival_seconds", "seconds", "messages", "deliveries", "messages_per_second",
		"deliveries_per_second", "latency.p50_us", "latency.p99_us", "latency.p999_us", "latency.max_us", "server.cpu_us_per_delivery",
		"server.memory_idle", "server.memory_peak", "server.memory_per_member", "faults.lost", "faults.doubled", "faults.disordered", "gone", "series",
	} {
		var v any = fields
		for name := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[name]
		}
		if v == nil {
			t.Errorf("there is no %s in %s", path, out)
		}
	}
	var table bytes.Buffer
	if err := rep.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"10 members over TCP", "p99.9", "KB a member", "none: everybody"} {
		if !strings.Contains(table.String(), part) {
			t.Errorf("there is no %q in\n%s", part, &table)
		}
	}
	x := xml.NewDecoder(bytes.NewReader(rep.svg()))
	for err == nil {
		_, err = x.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("not XML: %v\n%s", err, rep.svg())
	}
	rep.Faults.Lost = 3
	if err := rep.Err(); err == nil || !strings.Contains(err.Error(), "3 lost") {
		t.Errorf("with 3 lost it says %v", err)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -100: "-100", -1000: "-1,000"} {
		if got := count(n); got != want {
			t.Errorf("%d is %q, not %q", n, got, want)
		}
	}
}
