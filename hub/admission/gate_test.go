package admission

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// admit calls Check and Admit, and fails the test if an error is not want.
func admit(t *testing.T, g *Gate, addr string, want error) Slot {
	t.Helper()
	for range 2 {
		if err := g.Check(netip.MustParseAddr(addr)); err != want {
			t.Fatalf("check from %s: %v, want %v", addr, err, want)
		}
	}
	slot, err := g.Admit(netip.MustParseAddr(addr))
	if err != want {
		t.Fatalf("from %s: %v, want %v", addr, err, want)
	}
	return slot
}

func TestMaxMembers(t *testing.T) {
	g := NewGate(Limits{Members: 3, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	var slots []Slot
	for i := range 3 {
		slots = append(slots, admit(t, g, fmt.Sprint("192.0.2.", i), nil))
	}
	admit(t, g, "192.0.2.9", ErrFull)
	admit(t, g, "127.0.0.1", ErrFull) // exempt addresses too
	slots[1].Leave()
	admit(t, g, "192.0.2.9", nil)
	admit(t, g, "192.0.2.9", ErrFull)
}

func TestMaxPerAddress(t *testing.T) {
	g := NewGate(Limits{
		PerAddress: 2,
		Exempt:     []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")},
	})
	for _, same := range [][]string{
		{"192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.2", "192.0.2.2", "::ffff:192.0.2.2"},
		{"2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:ffff::3"}, // one /64
		{"fe80::1%eth0", "fe80::2%eth1", "fe80::3"},
	} {
		first := admit(t, g, same[0], nil)
		admit(t, g, same[1], nil)
		admit(t, g, same[2], ErrAddressFull)
		first.Leave()
		admit(t, g, same[2], nil)
		admit(t, g, same[0], ErrAddressFull)
	}
	admit(t, g, "192.0.2.3", nil)
	admit(t, g, "2001:db8:0:1::1", nil) // another /64
	for range 10 {
		admit(t, g, "127.0.0.1", nil)
		admit(t, g, "::ffff:127.0.0.1", nil)
		admit(t, g, "2001:db8:1:2::3", nil)
	}
}

// createRoom counts a room of a slot with an address. It returns false if the limit is reached.
func createRoom(s Slot) bool {
	ok, known := s.NewRoom()
	return ok && known
}

// The smallest limits are limits too.
func TestLimitsOfOne(t *testing.T) {
	slot := admit(t, NewGate(Limits{NewRooms: 1}), "192.0.2.1", nil)
	if !createRoom(slot) || createRoom(slot) {
		t.Error("a limit of one new room does not allow one")
	}
	for _, c := range []struct {
		limits Limits
		want   error
	}{
		{Limits{Members: 1}, ErrFull},
		{Limits{PerAddress: 1}, ErrAddressFull},
		{Limits{Arrivals: 1}, ErrAddressRate},
	} {
		g := NewGate(c.limits)
		admit(t, g, "192.0.2.1", nil)
		admit(t, g, "192.0.2.1", c.want)
	}
}

func TestArrivalRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{Arrivals: 6})
		visit := func(want error) {
			t.Helper()
			slot, err := g.Admit(netip.MustParseAddr("192.0.2.1"))
			if err != want {
				t.Fatalf("%v, want %v", err, want)
			}
			if err == nil {
				slot.Leave()
			}
		}
		for range 6 {
			visit(nil)
		}
		visit(ErrAddressRate)
		admit(t, g, "192.0.2.2", nil).Leave()
		time.Sleep(10 * time.Second)
		visit(nil)
		visit(ErrAddressRate)
		time.Sleep(time.Minute)
		for range 6 {
			visit(nil)
		}
		visit(ErrAddressRate)
	})
}

// TestMemoryOfManyAddresses admits a new address ten times a second for over an hour. The
// gate remembers only those of the last minute, and still refuses a second client from one of
// these.
func TestMemoryOfManyAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate(Limits{Arrivals: 1})
		addr := netip.MustParseAddr("2001:db8::")
		before := memory()
		for i := range 50_000 {
			b := addr.As16()
			b[4], b[5], b[6], b[7] = byte(i>>24), byte(i>>16), byte(i>>8), byte(i)
			a := netip.AddrFrom16(b)
			admit(t, g, a.String(), nil).Leave()
			admit(t, g, a.String(), ErrAddressRate)
			time.Sleep(100 * time.Millisecond)
		}
		if n := memory() - before; n > 2<<20 {
			t.Errorf("the gate keeps %d bytes", n)
		}
	})
}

// memory returns the bytes that heap and stacks use.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// TestUnknownAddress admits clients without an address, over a unix socket. Only the limit of all
// members applies to them, and each has limits of its own for rooms.
func TestUnknownAddress(t *testing.T) {
	g := NewGate(Limits{Members: 4, PerAddress: 1, Arrivals: 1, NewRooms: 1})
	admit(t, g, "192.0.2.1", nil)
	admit(t, g, "192.0.2.1", ErrAddressFull)
	for range 3 {
		slot, err := g.Admit(netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		if _, known := slot.NewRoom(); known {
			t.Error("clients without an address share a limit for rooms")
		}
	}
	if _, err := g.Admit(netip.Addr{}); err != ErrFull {
		t.Errorf("over the limit of members: %v", err)
	}
}
