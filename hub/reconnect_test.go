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

// from connects a client from an address, as a gateway does, and returns nil if the gate
// refuses it. It leaves the slot when Serve returns.
func (h *testHub) from(addr string, caller hub.Caller) *client {
	slot, err := h.hub.Admit(netip.MustParseAddr(addr))
	if err != nil {
		return nil
	}
	caller.Slot, caller.Via, caller.Codecs = slot, "test", hubtest.Codecs()
	p := &client{hubtest.NewConn(), h, make(chan error, 1)}
	go func() {
		why := h.hub.Serve(context.Background(), &caller, p.Conn)
		slot.Leave()
		p.end <- why
	}()
	return p
}

// reconnects has an address connect again and again for a duration, as often as the gate
// allows, with atOnce connections at a time. Each connection runs attack and breaks, and its
// input is read. It returns the number of connections.
func (h *testHub) reconnects(addr string, atOnce int, d time.Duration, attack func(p *client, i int)) (came int) {
	for until := time.Now().Add(d); time.Now().Before(until); {
		var in []*client
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
			p.wait()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return came
}

// An address that reconnects has the same allowance as one that stays connected.
func TestReconnectingGainsNoAllowance(t *testing.T) {
	const minutes, atOnce = 10, 3
	for what, c := range map[string]struct {
		rate          float64
		line          string
		burst, second float64
	}{
		"lines":               {10, "%d", 40, 10},
		"costly requests":     {10, "/msg ann %d", 8, 2},
		"few lines":           {0.5, "%d", 40, 0.5}, // fewer lines than connections
		"few costly requests": {0.5, "/msg ann %d", 8, 0.1},
	} {
		t.Run(what, func(t *testing.T) {
			o := hub.Options{Rate: c.rate, Burst: 40, Limits: admission.Limits{PerAddress: atOnce, Arrivals: 120}}
			withHub(t, o, func(h *testHub) {
				ann := h.named("ann")
				received := 0
				came := h.reconnects("192.0.2.1", atOnce, minutes*time.Minute, func(p *client, i int) {
					lines := make([]string, 10)
					for j := range lines {
						lines[j] = fmt.Sprintf(c.line, j)
					}
					p.Say(lines...)
					synctest.Wait()
					for _, line := range ann.Received() {
						if strings.HasPrefix(line, "guest-") {
							received++
						}
					}
				})
				if came < 5*atOnce {
					t.Errorf("it connected only %d times", came)
				}
				// One line more each: a line is paid for after it is said.
				most := atOnce * (int(c.burst+c.second*60*minutes) + 1)
				if received > most || received < int(c.burst+c.second*60*minutes)/4 {
					t.Errorf("%d messages were received in %d minutes, the maximum is %d", received, minutes, most)
				}
			})
		})
	}
}

// An address that reconnects creates no more rooms than one that stays connected.
func TestReconnectingMakesNoMoreRooms(t *testing.T) {
	const minutes = 30
	withHub(t, hub.Options{Limits: admission.Limits{Arrivals: 120, NewRooms: 20}}, func(h *testHub) {
		made := 0
		h.reconnects("192.0.2.1", 1, minutes*time.Minute, func(p *client, i int) {
			p.Say(fmt.Sprintf("/join room-%d", i))
			synctest.Wait()
			switch received := p.Received(); {
			case strings.Contains(received[len(received)-1], fmt.Sprintf("#room-%d, alone", i)):
				made++
			case received[len(received)-1] != "! your address has made too many rooms: join one that is there, or wait a minute":
				t.Fatalf("received %q", received)
			}
		})
		if made < 20+minutes-1 || made > 20+minutes {
			t.Errorf("%d rooms were made in %d minutes", made, minutes)
		}
	})
}

// A caller that names a new room, as a WebSocket client may, uses the allowance that /join
// uses.
func TestNewRoomLimitOnArrival(t *testing.T) {
	withHub(t, hub.Options{Limits: admission.Limits{NewRooms: 3}}, func(h *testHub) {
		for i := range 5 {
			p := h.from("2001:db8::1", hub.Caller{Room: fmt.Sprintf("room-%d", i)})
			synctest.Wait()
			if made := strings.Contains(p.Received()[0], "#room-"); made != (i < 3) {
				t.Errorf("room %d: made is %t", i, made)
			}
			p.Leave()
			p.wait()
		}
	})
}

// The allowance of an address refills while no client from it is connected. It does not affect
// other addresses.
func TestAllowanceRefills(t *testing.T) {
	o := pacedOptions
	o.Limits = admission.Limits{Arrivals: 120, Exempt: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	withHub(t, o, func(h *testHub) {
		ann := h.named("ann")
		burst := func(addr string) (said int) {
			ann.Received()
			p := h.from(addr, hub.Caller{})
			p.Say(strings.Fields(strings.Repeat("x ", 100))...)
			synctest.Wait()
			said = strings.Count(strings.Join(ann.Received(), "\n"), ": x")
			p.Reset()
			p.wait()
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
