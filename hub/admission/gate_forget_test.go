package admission

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestGateForgets checks that a Gate keeps an entry until everything that the address used
// has refilled, and no longer.
func TestGateForgets(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	for name, c := range map[string]struct {
		use     func(s Slot)
		refills time.Duration
	}{
		"an arrival": {func(Slot) {}, 30 * time.Second},
		"new rooms": {func(s Slot) {
			for range 20 {
				s.NewRoom()
			}
		}, 20 * time.Minute},
		"an allowance": {func(s Slot) {
			a := NewAllowance(0.5, 40)
			for range 40 {
				a.Spend(time.Now(), LineShares, false)
			}
			s.PutAllowance(a)
		}, 80 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate(Limits{Arrivals: 2, NewRooms: 20})
				slot, err := g.Admit(addr)
				if err != nil {
					t.Fatal(err)
				}
				c.use(slot)
				time.Sleep(time.Hour)
				if n := g.entriesAfterForget(); n != 1 {
					t.Error("the entry of an admitted client is forgotten")
				}
				c.use(slot)
				slot.Leave()
				if name == "an arrival" {
					slot, _ = g.Admit(addr)
					slot.Leave()
				}
				time.Sleep(c.refills - time.Second)
				if n := g.entriesAfterForget(); n != 1 {
					t.Error("the entry is forgotten too early")
				}
				time.Sleep(2 * time.Second)
				if n := g.entriesAfterForget(); n != 0 {
					t.Error("the entry is not forgotten")
				}
			})
		})
	}
}

func (g *Gate) entriesAfterForget() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgetLocked()
	return len(g.entries)
}
