//go:build linux

package load

import (
	"fmt"
	"testing"
)

// newMembers returns a loop and two members with the same codec, which have received the
// start message, and a function that returns the bytes of more messages. Each letter of its
// word is a message of one talker: a, b, or c.
func newMembers(t *testing.T, c codec) (l *loop, a, b *member, messages func(word string) []byte) {
	t.Helper()
	r := &run{plan: &Plan{Rate: 1}, magic: newMagic(), sampling: 1}
	l = &loop{run: r, latency: newHistogram()}
	l.received = l.countDelivery
	room := newRoom(r.magic, 1, 3)
	for _, m := range []**member{&a, &b} {
		*m = &member{codec: c, room: room, roomName: lobby, state: waiting, split: splitter{ws: c.ws}}
	}
	sent := make([]uint32, 3)
	frame := func(h header) []byte {
		line := r.magic.appendHeader([]byte("guest-1f2e: "), h)
		if c.ws {
			return append([]byte{finText, byte(len(line))}, line...)
		}
		return append(line, '\n')
	}
	start := frame(header{talker: starter})
	l.receive(a, start)
	l.receive(b, start)
	return l, a, b, func(word string) (b []byte) {
		for _, letter := range word {
			talker := uint16(letter - 'a')
			b = append(b, frame(header{talker, sent[talker], 1})...)
			sent[talker]++
		}
		return b
	}
}

// faultsOf returns the faults of the members. sent is the number of messages that each
// talker sent.
func faultsOf(l *loop, sent []uint32, members ...*member) Faults {
	var rep Report
	l.run.plan.Rooms = 1
	l.run.rooms = []*room{members[0].room}
	l.run.members = members
	for i, n := range sent {
		t := &talker{id: uint16(i)}
		t.sent.Store(n)
		l.run.talkers = append(l.run.talkers, t)
	}
	l.run.addFaults(&rep)
	return rep.Faults
}

// TestChecker compares what two members receive.
func TestChecker(t *testing.T) {
	// Messages 0 to 5 are of the talkers a, b, c, a, b, c. The first member determines the order
	// of the room, except that the messages of one talker are in the order of their numbers.
	for name, c := range map[string]struct {
		first, second []int
		want          Faults
	}{
		"all":                     {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{}},
		"one lost":                {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 3, 4, 5}, Faults{Lost: 1}},
		"the first lost":          {[]int{0, 1, 2, 3, 4, 5}, []int{1, 2, 3, 4, 5}, Faults{Lost: 1}},
		"the end lost":            {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2}, Faults{Lost: 3}},
		"lost by the first":       {[]int{0, 1, 2, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{Lost: 1}},
		"all lost":                {[]int{0, 1, 2, 3, 4, 5}, nil, Faults{Lost: 6}},
		"lost by both":            {[]int{0, 1, 2, 3, 4}, []int{0, 1, 2, 3, 4}, Faults{Lost: 2}},
		"duplicated":              {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 2, 4, 5}, Faults{Duplicated: 1}},
		"duplicated at the end":   {[]int{0, 1, 2, 3, 4, 5}, []int{0, 1, 2, 3, 4, 5, 5}, Faults{Duplicated: 1}},
		"reordered":               {[]int{0, 1, 2, 3, 4, 5}, []int{0, 2, 1, 3, 4, 5}, Faults{Reordered: 1}},
		"reordered, one talker":   {[]int{0, 1, 2, 3, 4, 5}, []int{1, 2, 3, 0, 4, 5}, Faults{Reordered: 1}},
		"duplicated by the first": {[]int{0, 1, 2, 3, 2, 4, 5}, []int{0, 1, 2, 3, 4, 5}, Faults{Duplicated: 1}},
		"reordered by both":       {[]int{0, 1, 3, 4, 5, 2}, []int{0, 1, 3, 4, 5, 2}, Faults{Reordered: 2}},
		"all kinds":               {[]int{0, 1, 2, 3, 4, 5}, []int{1, 0, 2, 2, 5, 4}, Faults{Lost: 1, Duplicated: 1, Reordered: 2}},
	} {
		for _, codec := range []codec{{false, Text}, {true, Text}} {
			for _, part := range []int{1, 7, 1 << 20} {
				t.Run(fmt.Sprintf("%s/%v/%d", name, codec.ws, part), func(t *testing.T) {
					l, a, b, send := newMembers(t, codec)
					var messages [][]byte
					for _, c := range "abcabc" {
						messages = append(messages, send(string(c)))
					}
					receive := func(m *member, numbers []int) {
						var all []byte
						for _, i := range numbers {
							all = append(all, messages[i]...)
						}
						for len(all) > 0 {
							n := min(part, len(all))
							l.receive(m, all[:n])
							all = all[n:]
						}
					}
					receive(a, c.first)
					receive(b, c.second)
					if got := faultsOf(l, []uint32{2, 2, 2}, a, b); got != c.want {
						t.Errorf("found %+v, want %+v", got, c.want)
					}
				})
			}
		}
	}
}

// TestDiverged sends a member a line that the other members do not receive. It is no fault,
// and the messages after it are checked.
func TestDiverged(t *testing.T) {
	l, a, b, send := newMembers(t, codec{false, Text})
	one, two, three := send("aab"), send("bbc"), send("cca")
	l.receive(a, append(append(append([]byte(nil), one...), two...), three...))
	l.receive(b, one)
	l.receive(b, two[:20])
	l.receive(b, two[20:])
	l.receive(b, []byte("-- you are being slowed: 10 lines a second --\n"))
	if b.state != diverged {
		t.Error("the member has not diverged")
	}
	l.receive(b, three)
	if got := faultsOf(l, []uint32{3, 3, 3}, a, b); got.Any() {
		t.Errorf("found %+v", got)
	}
	if l.count != 18 {
		t.Errorf("counted %d deliveries, want 18", l.count)
	}
}

// TestFormats compares the order of messages in two formats.
func TestFormats(t *testing.T) {
	l, a, b, send := newMembers(t, codec{false, Text})
	c := &member{codec: codec{false, JSON}, room: a.room, roomName: lobby, state: waiting}
	l.receive(c, append(l.run.magic.appendHeader(nil, header{talker: starter}), '\n'))
	one, two := send("a"), send("b")
	both := append(append([]byte(nil), one...), two...)
	l.receive(a, both)
	l.receive(b, both)
	l.receive(c, append(append([]byte(nil), two...), one...))
	if got, want := faultsOf(l, []uint32{1, 1, 0}, a, b, c), (Faults{Reordered: 1}); got != want {
		t.Errorf("found %+v, want %+v", got, want)
	}
}
