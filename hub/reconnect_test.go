package hub_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
	"partyline/hub/hubtest"
)

// from connects a member from an address, as a gateway does; nil if it may not come in.
// Its seat is left when it is off the line.
func (h *house) from(addr string, who hub.Caller) *person {
	seat, err := h.hub.Admit(netip.MustParseAddr(addr))
	if err != nil {
		return nil
	}
	who.Slot, who.Via, who.Codecs = seat, "test", hubtest.Codecs()
	p := &person{hubtest.NewLine(), h, make(chan error, 1)}
	go func() {
		why := h.hub.Serve(context.Background(), who, p.Line)
		seat.Leave()
		p.end <- why
	}()
	return p
}

// reconnects has one address connect for a while, again and again, as often as it may, with
// so many connections at once. Each does what attack does and breaks; what it has said is read.
func (h *house) reconnects(addr string, atOnce int, d time.Duration, attack func(p *person, i int)) (came int) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		var in []*person
		for range atOnce {
			if p := h.from(addr, hub.Caller{}); p != nil {
				attack(p, came)
				in = append(in, p)
				came++
			}
		}
		synctest.Wait()
		for _, p := range in {
			p.Reset()
			p.off()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return came
}

// An address that reconnects has no more to say than one that stays: the allowances that
// it used up meet it again.
func TestReconnectingGainsNoAllowance(t *testing.T) {
	const minutes, atOnce = 10, 3
	for what, c := range map[string]struct {
		rate          float64
		line          string
		burst, second float64
	}{
		"lines":       {10, "%d", 40, 10},
		"favours":     {10, "/msg ann %d", 8, 2},
		"few lines":   {0.5, "%d", 40, 0.5}, // fewer than it may come
		"few favours": {0.5, "/msg ann %d", 8, 0.1},
	} {
		t.Run(what, func(t *testing.T) {
			o := hub.Options{Rate: c.rate, Burst: 40, Limits: admission.Limits{PerAddress: atOnce, Arrivals: 120}}
			inHouse(t, o, func(h *house) {
				ann := h.named("ann")
				heard := 0
				came := h.reconnects("192.0.2.1", atOnce, minutes*time.Minute, func(p *person, i int) {
					lines := make([]string, 10)
					for j := range lines {
						lines[j] = fmt.Sprintf(c.line, j)
					}
					p.Say(lines...)
					synctest.Wait()
					for _, line := range ann.Heard() {
						if strings.HasPrefix(line, "guest-") {
							heard++
						}
					}
				})
				if came < 5*atOnce {
					t.Errorf("it came %d times only", came)
				}
				// One line more: it is said, and the next one waits until it is paid for.
				most := atOnce * (int(c.burst+c.second*60*minutes) + 1)
				if heard > most || heard < int(c.burst+c.second*60*minutes)/4 {
					t.Errorf("%d were heard in %d minutes, %d at most may be", heard, minutes, most)
				}
			})
		})
	}
}

// An address that reconnects makes no more rooms than one that stays.
func TestReconnectingMakesNoMoreRooms(t *testing.T) {
	const minutes = 30
	inHouse(t, hub.Options{Limits: admission.Limits{Arrivals: 120, NewRooms: 20}}, func(h *house) {
		made := 0
		h.reconnects("192.0.2.1", 1, minutes*time.Minute, func(p *person, i int) {
			p.Say(fmt.Sprintf("/join room-%d", i))
			synctest.Wait()
			switch heard := p.Heard(); {
			case strings.Contains(heard[len(heard)-1], fmt.Sprintf("#room-%d, alone", i)):
				made++
			case heard[len(heard)-1] != "! your address has made too many rooms: join one that is there, or wait a minute":
				t.Fatalf("heard %q", heard)
			}
		})
		if made < 20+minutes-1 || made > 20+minutes {
			t.Errorf("%d rooms were made in %d minutes", made, minutes)
		}
	})
}

// Coming with a room in the query, as a WebSocket may, makes one as /join does.
func TestComingMakesNoMoreRooms(t *testing.T) {
	inHouse(t, hub.Options{Limits: admission.Limits{NewRooms: 3}}, func(h *house) {
		for i := range 5 {
			p := h.from("2001:db8::1", hub.Caller{Room: fmt.Sprintf("room-%d", i)})
			synctest.Wait()
			if made := strings.Contains(p.Heard()[0], "#room-"); made != (i < 3) {
				t.Errorf("room %d: made is %t", i, made)
			}
			p.Leave()
			p.off()
		}
	})
}

// What an address used up refills while nobody from it is here, and does no harm to others.
func TestAllowanceRefills(t *testing.T) {
	o := atRate
	o.Limits = admission.Limits{Arrivals: 120, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	inHouse(t, o, func(h *house) {
		ann := h.named("ann")
		burst := func(addr string) (said int) {
			ann.Heard()
			p := h.from(addr, hub.Caller{})
			p.Say(strings.Fields(strings.Repeat("x ", 100))...)
			synctest.Wait()
			said = strings.Count(strings.Join(ann.Heard(), "\n"), ": x")
			p.Reset()
			p.off()
			return said
		}
		for _, c := range []struct {
			addr string
			want int
		}{
			{"192.0.2.1", 41},
			{"192.0.2.1", 0},
			{"192.0.2.2", 41},
			{"127.0.0.1", 41}, // exempt: each connection has its own
			{"127.0.0.1", 41},
		} {
			if n := burst(c.addr); n != c.want {
				t.Errorf("%s said %d at once, want %d", c.addr, n, c.want)
			}
		}
		time.Sleep(time.Minute)
		if n := burst("192.0.2.1"); n != 41 {
			t.Errorf("after a minute, it said %d at once", n)
		}
	})
}
