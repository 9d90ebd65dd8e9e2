package hub_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
)

// A client that sends and closes without reading anything is heard to the end, at its pace.
func TestAllThatAGoneMemberSaidIsHeard(t *testing.T) {
	inHouse(t, hub.Options{Rate: 10, Burst: 40}, func(h *house) {
		alice := h.named("alice")
		p := &person{Line: hubtest.NewLine(), h: h}
		p.HangUp()
		var want []string
		for i := range 200 {
			p.Say(fmt.Sprint("line ", i))
			want = append(want, fmt.Sprint("script: line ", i))
		}
		p.Reset()
		p.end = h.serve(hub.Caller{Nick: "script"}, p.Line)
		began := time.Now()
		p.off()
		if d := time.Since(began); d < 15*time.Second || d > 17*time.Second {
			t.Errorf("it was read for %v", d)
		}
		alice.hears(append(append([]string{"* script has arrived"}, want...), "* script has left")...)
	})
}

// What a gone member has sent is not read for ever.
func TestAGoneMemberEnds(t *testing.T) {
	inHouse(t, hub.Options{Rate: 10, Burst: 40, ReadOn: time.Minute}, func(h *house) {
		alice := h.named("alice")
		flood, silent := h.named("flood"), h.named("silent")
		alice.Heard()
		flood.HangUp()
		silent.HangUp()
		flood.Say(strings.Split(strings.Repeat("x\n", 10_000), "\n")...)
		began := time.Now()
		err := flood.off()
		if d := time.Since(began); d != time.Minute || err == nil {
			t.Errorf("it was read for %v: %v", d, err)
		}
		silent.off() // it was told of the flood, and that failed
		synctest.Wait()
		if n := len(alice.Heard()); n < 600 {
			t.Errorf("alice heard %d lines", n)
		}
		alice.say("/who")
		alice.hears("= alice")
	})
}

// Lines and frames of a gone member that ask for nothing hold it for a moment only, and for
// that alone it is not read for long.
func TestAGoneMemberThatAsksForNothing(t *testing.T) {
	inHouse(t, hub.Options{Rate: 10, Burst: 40}, func(h *house) {
		alice := h.named("alice")
		for _, c := range []struct {
			what string
			send func(p *person)
		}{
			{"pings", func(p *person) { p.Fail(hub.ErrControl) }},
			{"long lines", func(p *person) { p.Fail(hub.ErrTooLong) }},
			{"unknown commands", func(p *person) { p.Say("/nope") }},
			{"blank lines", func(p *person) { p.Say("") }},
		} {
			noise := h.named("noise")
			alice.Heard()
			noise.HangUp()
			said := make(chan struct{})
			go func() {
				defer close(said)
				noise.Say("one")
				for range 500 {
					c.send(noise)
				}
				noise.Say("two")
				for range 900 {
					c.send(noise)
				}
				noise.Say("three")
				for range 1001 {
					c.send(noise)
				}
				noise.Say("four")
			}()
			began := time.Now()
			noise.off()
			if d := time.Since(began); d > 10*time.Second {
				t.Errorf("%s: it was read for %v", c.what, d)
			}
			alice.hears("noise: one", "noise: two", "noise: three", "* noise has left")
			<-said
		}
	})
}

// A gone member keeps nothing of what its room is told while it is read on.
func TestAGoneMemberKeepsNoStream(t *testing.T) {
	inHouse(t, hub.Options{Window: 64 << 10}, func(h *house) {
		alice := h.named("alice")
		gone := h.named("gone")
		gone.HangUp()
		text := strings.Repeat("x", 4000)
		heap := func() uint64 {
			runtime.GC()
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			return s.HeapAlloc
		}
		for range 100 {
			alice.say(text)
			alice.Heard()
		}
		before := heap()
		for range 3000 {
			alice.say(text)
			alice.Heard()
		}
		if after := heap(); after > before+4<<20 {
			t.Errorf("%d KB more are kept", (after-before)>>10)
		}
		gone.Leave()
		synctest.Wait()
		alice.hears("* gone has left")
	})
}
