package admission

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// spendLines spends n lines, one at a time, and returns how long to wait after them.
func spendLines(a *Allowance, n int) (wait time.Duration) {
	for range n {
		wait, _ = a.Spend(time.Now(), LineShares, false)
	}
	return wait
}

// TestAllowanceSet changes the limit of an allowance of which a part is spent.
func TestAllowanceSet(t *testing.T) {
	for name, c := range map[string]struct {
		spent     int
		perSecond float64
		burst     int
		lines     int // then
		want      time.Duration
	}{
		"the same":                             {30, 10, 40, 10, 0},
		"the same, one line more":              {30, 10, 40, 11, 100 * time.Millisecond},
		"a greater burst":                      {40, 10, 60, 20, 0},
		"a greater burst, one line more":       {40, 10, 60, 21, 100 * time.Millisecond},
		"a smaller burst, nothing spent":       {0, 10, 5, 5, 0},
		"a smaller burst, one line more":       {0, 10, 5, 6, 100 * time.Millisecond},
		"a smaller burst than what was spent":  {38, 10, 5, 2, 0},
		"a smaller burst than that, two lines": {38, 10, 5, 4, 200 * time.Millisecond},
		"a lower rate":                         {40, 1, 40, 1, time.Second},
		"a debt at a higher rate":              {60, 100, 40, 0, 200 * time.Millisecond},
		"a debt at a lower rate":               {60, 1, 40, 0, 20 * time.Second},
		"a debt and a greater burst":           {60, 10, 100, 40, 0},
		"a debt greater than the new burst":    {60, 10, 5, 0, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := NewAllowance(10, 40)
			spendLines(a, c.spent)
			a.Set(c.perSecond, c.burst)
			wait, _ := a.Debt()
			if c.lines > 0 {
				wait = spendLines(a, c.lines)
			}
			if wait.Round(time.Millisecond) != c.want {
				t.Errorf("%s: the wait is %v, not %v", name, wait, c.want)
			}
			time.Sleep(time.Hour)
			if a.Set(c.perSecond, c.burst); !a.isFull(time.Now()) {
				t.Errorf("%s: the allowance does not refill", name)
			}
		})
	}
}

// TestSetLimits changes the limits of a gate. Clients that were admitted stay, and the next client gets
// the new limits.
func TestSetLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const addr, other = "192.0.2.1", "192.0.2.2"
		g := NewGate(Limits{})
		first, second := admit(t, g, addr, nil), admit(t, g, addr, nil)

		g.SetLimits(Limits{PerAddress: 1})
		admit(t, g, addr, ErrAddressFull)
		admit(t, g, other, nil).Leave()
		first.Leave()
		admit(t, g, addr, ErrAddressFull)
		second.Leave()
		admit(t, g, addr, nil).Leave()

		g.SetLimits(Limits{Members: 1})
		third := admit(t, g, addr, nil)
		admit(t, g, other, ErrFull)
		g.SetLimits(Limits{Members: 2})
		admit(t, g, other, nil).Leave()
		third.Leave()

		g.SetLimits(Limits{Arrivals: 2})
		admit(t, g, addr, nil).Leave()
		admit(t, g, addr, nil).Leave()
		admit(t, g, addr, ErrAddressRate)
		g.SetLimits(Limits{Arrivals: 3}) // two of which are used
		admit(t, g, addr, nil).Leave()
		admit(t, g, addr, ErrAddressRate)
		g.SetLimits(Limits{Arrivals: 3, Exempt: network(addr)})
		admit(t, g, addr, nil).Leave()
		g.SetLimits(Limits{Arrivals: 3})
		admit(t, g, addr, ErrAddressRate)
		g.SetLimits(Limits{})
		admit(t, g, addr, nil).Leave()

		slot := admit(t, g, addr, nil)
		for range 10 {
			if !createRoom(slot) {
				t.Error("there is a limit for rooms")
			}
		}
		g.SetLimits(Limits{NewRooms: 1})
		if !createRoom(slot) || createRoom(slot) {
			t.Error("a limit of one new room does not allow one")
		}
		g.SetLimits(Limits{NewRooms: 2})
		if !createRoom(slot) || createRoom(slot) {
			t.Error("a limit of two new rooms does not allow a second one")
		}
	})
}

// TestNetworks replaces networks.
func TestNetworks(t *testing.T) {
	var none *Networks
	n := NewNetworks(network("192.0.2.1")...)
	in := func(n *Networks, addr string, want bool) {
		t.Helper()
		if got := n.Contain(network(addr)[0].Addr()); got != want {
			t.Errorf("%s: %t", addr, got)
		}
	}
	in(none, "192.0.2.1", false)
	in(NewNetworks(), "192.0.2.1", false)
	in(n, "192.0.2.1", true)
	in(n, "192.0.2.2", false)
	n.Set(network("192.0.2.2"))
	in(n, "192.0.2.1", false)
	in(n, "192.0.2.2", true)
}

// exempt returns the network of one address.
func network(addr string) []netip.Prefix {
	a := netip.MustParseAddr(addr)
	return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}
}
