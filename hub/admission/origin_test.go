package admission

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// An origin is remembered for as long as something that it used has not refilled, and no
// longer.
func TestOriginsForgotten(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	for name, c := range map[string]struct {
		use     func(s Slot)
		refills time.Duration
	}{
		"an arrival": {func(Slot) {}, 30 * time.Second},
		"new rooms": {func(s Slot) {
			for range 20 {
				s.NewRooms().Allow()
			}
		}, 20 * time.Minute},
		"an allowance": {func(s Slot) {
			p := NewAllowance(0.5, 40)
			for range 40 {
				p.Spend(LineShares, false)
			}
			s.LeaveAllowance(p)
		}, 80 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate(Limits{Arrivals: 2, NewRooms: 20})
				seat, err := g.Admit(addr)
				if err != nil {
					t.Fatal(err)
				}
				c.use(seat)
				time.Sleep(time.Hour)
				if g.forget(); len(g.origins) != 1 {
					t.Error("an origin with somebody inside is forgotten")
				}
				c.use(seat)
				seat.Leave()
				if name == "an arrival" {
					seat, _ = g.Admit(addr)
					seat.Leave()
				}
				time.Sleep(c.refills - time.Second)
				if g.forget(); len(g.origins) != 1 {
					t.Error("it is forgotten too early")
				}
				time.Sleep(2 * time.Second)
				if g.forget(); len(g.origins) != 0 {
					t.Error("it is not forgotten")
				}
			})
		})
	}
}
