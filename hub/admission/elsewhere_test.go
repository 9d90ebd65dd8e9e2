package admission

import (
	"maps"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// exchange gives each of several Gates, by the names of their servers, the reports of the others.
func exchange(gates map[string]*Gate) {
	for server, g := range gates {
		uses := g.Report()
		for other, to := range gates {
			if other != server {
				to.NoteElsewhere(server, uses)
			}
		}
	}
}

// TestSharedMembers has members of an address at three servers. Each server counts those of the others, except if there are
// less than an eighth of the limit.
func TestSharedMembers(t *testing.T) {
	const addr = "2001:db8:1:2::3"
	gates := make(map[string]*Gate)
	for _, server := range []string{"a", "b", "c"} {
		gates[server] = NewGate(Limits{PerAddress: 16})
	}
	var slots []Slot
	for range 9 {
		slots = append(slots, admit(t, gates["a"], addr, nil))
	}
	exchange(gates)
	for range 6 {
		admit(t, gates["b"], addr, nil)
	}
	exchange(gates)
	admit(t, gates["c"], addr, nil) // the 16th, which is in no report
	exchange(gates)
	admit(t, gates["c"], addr, ErrAddressFull)
	admit(t, gates["b"], addr, nil)
	for server, g := range gates {
		exchange(gates)
		admit(t, g, addr, ErrAddressFull)
		if err := g.Check(netip.MustParseAddr("2001:db8:1:3::3")); err != nil {
			t.Errorf("server %s, another address: %v", server, err)
		}
	}

	slots[0].Leave()
	slots[1].Leave()
	exchange(gates)
	admit(t, gates["c"], addr, nil)
	exchange(gates)
	admit(t, gates["c"], addr, ErrAddressFull)
	gates["c"].NoteElsewhere("a", nil) // the server is gone
	for range 7 {
		admit(t, gates["c"], addr, nil)
	}
	admit(t, gates["c"], addr, ErrAddressFull)
}

// TestSharedArrivals comes and goes at three servers in turn. The limit of arrivals holds for all of them, with what no report
// has.
func TestSharedArrivals(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	synctest.Test(t, func(t *testing.T) {
		const limit, servers = 24, 3
		gates := make(map[string]*Gate)
		for i := range servers {
			gates[string(rune('a'+i))] = NewGate(Limits{Arrivals: limit, NewRooms: limit})
		}
		arrivals, rooms := 0, 0
		for range limit * servers {
			for _, g := range gates {
				slot, err := g.Admit(addr)
				if err != nil {
					continue
				}
				arrivals++
				if createRoom(slot) {
					rooms++
				}
				slot.Leave()
			}
			exchange(gates)
		}
		for name, n := range map[string]int{"arrivals": arrivals, "rooms": rooms} {
			if n < limit || n > limit+servers*limit/reportShare {
				t.Errorf("%d %s with a limit of %d", n, name, limit)
			}
		}
		time.Sleep(time.Minute)
		for server, g := range gates {
			if err := g.Check(addr); err != nil {
				t.Errorf("server %s, a minute later: %v", server, err)
			}
		}
	})
}

// TestReportsOfStrangers notes reports that no server sends.
func TestReportsOfStrangers(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	g := NewGate(Limits{PerAddress: 4, Arrivals: 10, Exempt: []netip.Prefix{netip.MustParsePrefix("192.0.2.9/32")}})
	g.NoteElsewhere("a", []Use{{}, {Addr: addr, Members: -5, Arrivals: -1, NewRooms: 1 << 30}, {Addr: addr, Members: 3}, {Addr: netip.MustParseAddr("192.0.2.9"), Members: 9}})
	admit(t, g, "192.0.2.1", nil)
	admit(t, g, "192.0.2.1", ErrAddressFull)
	admit(t, g, "192.0.2.9", nil)
	g.NoteElsewhere("a", []Use{{Addr: addr, Members: 2}, {Addr: addr, Members: 1}})
	admit(t, g, "192.0.2.1", ErrAddressFull)
	g.NoteElsewhere("a", nil)
	if len(g.elsewhere) > 0 {
		t.Errorf("left: %v", g.elsewhere)
	}
	for addr, e := range maps.All(g.entries) {
		if e.elsewhere != 0 {
			t.Errorf("%v has %d members elsewhere", addr, e.elsewhere)
		}
	}
	for range 3 {
		admit(t, g, "192.0.2.1", nil)
	}
	admit(t, g, "192.0.2.1", ErrAddressFull)
}
