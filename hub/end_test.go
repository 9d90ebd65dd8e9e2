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

// A client that sends lines and closes without reading anything is read to the end, within its
// rate limit.
func TestDisconnectedMemberIsReadToTheEnd(t *testing.T) {
	withHub(t, hub.Options{Rate: 10, Burst: 40}, func(h *testHub) {
		alice := h.named("alice")
		p := &client{Conn: hubtest.NewConn(), h: h}
		p.HangUp()
		var want []string
		for i := range 200 {
			p.Say(fmt.Sprint("line ", i))
			want = append(want, fmt.Sprint("script: line ", i))
		}
		p.Reset()
		p.end = h.serve(hub.Caller{Nick: "script"}, p.Conn)
		start := time.Now()
		p.wait()
		if d := time.Since(start); d < 15*time.Second || d > 17*time.Second {
			t.Errorf("it was read for %v", d)
		}
		alice.expect(append(append([]string{"* script has arrived"}, want...), "* script has left")...)
	})
}

// The input of a disconnected member is read for a limited time.
func TestDisconnectedMemberEnds(t *testing.T) {
	withHub(t, hub.Options{Rate: 10, Burst: 40, HangUpTimeout: time.Minute}, func(h *testHub) {
		alice := h.named("alice")
		flood, silent := h.named("flood"), h.named("silent")
		alice.Received()
		flood.HangUp()
		silent.HangUp()
		flood.Say(strings.Split(strings.Repeat("x\n", 10_000), "\n")...)
		start := time.Now()
		err := flood.wait()
		if d := time.Since(start); d != time.Minute || err == nil {
			t.Errorf("it was read for %v: %v", d, err)
		}
		silent.wait() // the flood is written to it, and that fails
		synctest.Wait()
		if n := len(alice.Received()); n < 600 {
			t.Errorf("alice received %d lines", n)
		}
		alice.send("/who")
		alice.expect("= alice")
	})
}

// The lines and frames of a disconnected member that ask for nothing are read only for a short
// time.
func TestIdleInputOfDisconnectedMember(t *testing.T) {
	withHub(t, hub.Options{Rate: 10, Burst: 40}, func(h *testHub) {
		alice := h.named("alice")
		for _, c := range []struct {
			what string
			send func(p *client)
		}{
			{"pings", func(p *client) { p.Fail(hub.ErrControl) }},
			{"long lines", func(p *client) { p.Fail(hub.ErrTooLong) }},
			{"unknown commands", func(p *client) { p.Say("/nope") }},
			{"blank lines", func(p *client) { p.Say("") }},
		} {
			noise := h.named("noise")
			alice.Received()
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
			start := time.Now()
			noise.wait()
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("%s: it was read for %v", c.what, d)
			}
			alice.expect("noise: one", "noise: two", "noise: three", "* noise has left")
			<-said
		}
	})
}

// A disconnected member keeps nothing of the stream of its room while its input is read.
func TestDisconnectedMemberKeepsNoStream(t *testing.T) {
	withHub(t, hub.Options{Window: 64 << 10}, func(h *testHub) {
		alice := h.named("alice")
		disconnected := h.named("disconnected")
		disconnected.HangUp()
		text := strings.Repeat("x", 4000)
		heap := func() uint64 {
			runtime.GC()
			var s runtime.MemStats
			runtime.ReadMemStats(&s)
			return s.HeapAlloc
		}
		for range 100 {
			alice.send(text)
			alice.Received()
		}
		before := heap()
		for range 3000 {
			alice.send(text)
			alice.Received()
		}
		if after := heap(); after > before+4<<20 {
			t.Errorf("the heap has grown by %d KiB", (after-before)>>10)
		}
		disconnected.Leave()
		synctest.Wait()
		alice.expect("* disconnected has left")
	})
}
