package hub_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// pacedOptions has an allowance of 10 lines a second, and 40 at once.
var pacedOptions = hub.Options{Rate: 10, Burst: 40}

// countNumbered counts the messages of bob that c has received since the last call. They must
// be the numbers from *next.
func (c *client) countNumbered(next *int) int {
	c.h.Helper()
	before := *next
	for _, line := range c.Received() {
		if text, ok := strings.CutPrefix(line, "bob: "); ok {
			if text != fmt.Sprint(*next) {
				c.h.Errorf("received %q, not %d", text, *next)
			}
			*next++
		}
	}
	return *next - before
}

// numbers returns the numbers from 0 to n-1 as lines.
func numbers(n int) []string {
	var lines []string
	for i := range n {
		lines = append(lines, fmt.Sprint(i))
	}
	return lines
}

// TestPace has a client send 100 lines at once. The first 40 are said at once and the others at
// 10 a second. The client gets one notice that it is being slowed.
func TestPace(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		next := 0
		ann.countNumbered(&next)
		lines := numbers(100)
		bob.Say(lines...)
		synctest.Wait()
		if n := ann.countNumbered(&next); n != 41 { // one more: a line is paid for after it is said
			t.Errorf("%d messages were received at once", n)
		}
		for second := range 5 {
			time.Sleep(time.Second)
			synctest.Wait()
			if n := ann.countNumbered(&next); n != 10 {
				t.Errorf("%d messages were received in second %d", n, second)
			}
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if ann.countNumbered(&next); next != 100 {
			t.Errorf("%d messages were received in all", next)
		}
		const notice = "-- you are being slowed: 10 lines a second --"
		if received := strings.Join(bob.Received(), "\n"); strings.Count(received, notice) != 1 {
			t.Errorf("bob received\n%s", received)
		}
		bob.Say(lines[:10]...)
		synctest.Wait()
		if received := strings.Join(bob.Received(), "\n"); strings.Contains(received, notice) {
			t.Errorf("a second notice too early:\n%s", received)
		}
		time.Sleep(10 * time.Second)
		bob.Say(lines...)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if received := strings.Join(bob.Received(), "\n"); strings.Count(received, notice) != 1 {
			t.Errorf("after the pause bob received\n%s", received)
		}
	})
}

// Costly requests have a lower allowance.
func TestPaceOfCostlyRequests(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Received()
		for i := range 30 {
			bob.Say(fmt.Sprint("/msg ann ", i))
		}
		synctest.Wait()
		if n := len(ann.Received()); n != 9 {
			t.Errorf("%d private messages at once", n)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := len(ann.Received()); n != 10 {
			t.Errorf("%d private messages in 5 seconds", n)
		}
		if received := bob.Received(); !strings.Contains(strings.Join(received, "\n"), "-- you are being slowed: 2 names, rooms, private messages and looks at history a second --") {
			t.Errorf("bob received %q", received)
		}
	})
}

// In JSON the notice is an event.
func TestPaceInJSON(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		bob := h.join(hub.Caller{Nick: "bob", Format: wire.JSON})
		for range 41 {
			bob.Say(`{"type":"who"}`)
		}
		synctest.Wait()
		received := bob.Received()
		const want = `{"type":"notice","code":"paced","message":"you are being slowed: 10 lines a second"}`
		if last := received[len(received)-1]; last != want {
			t.Errorf("received %s", last)
		}
	})
}

// A rate of 0 sets no bound.
func TestNoPace(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		next := 0
		ann.countNumbered(&next)
		for i := range 1000 {
			bob.Say(fmt.Sprint(i))
		}
		synctest.Wait()
		if ann.countNumbered(&next); next != 1000 {
			t.Errorf("%d messages were received", next)
		}
	})
}

// A member that is being slowed ends at once on shutdown. The messages that were read are
// delivered.
func TestShutdownWhilePaced(t *testing.T) {
	withHub(t, hub.Options{Rate: 0.001, Burst: 1}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Received()
		bob.Say("one", "two", "three")
		synctest.Wait()
		start := time.Now()
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("it took %v", d)
		}
		if received := ann.Received(); len(received) != 3 || received[0] != "bob: one" || received[1] != "bob: two" {
			t.Errorf("ann received %q", received)
		}
		<-bob.end
		<-ann.end
	})
}

// A hundred lines that cause neither a message nor an answer cost as much as one line.
func TestIdleLines(t *testing.T) {
	for _, idle := range []string{"", "  \t", "/format text"} {
		withHub(t, pacedOptions, func(h *testHub) {
			ann, bob := h.named("ann"), h.named("bob")
			next := 0
			ann.countNumbered(&next)
			bob.Say(strings.Split(strings.Repeat(idle+"\n", 3000), "\n")[:3000]...)
			bob.Say(numbers(20)...)
			synctest.Wait()
			if n := ann.countNumbered(&next); n != 11 { // 30 of 40 lines are spent
				t.Errorf("after 3000 times %q, %d lines were received at once", idle, n)
			}
			bob.Leave()
			bob.wait()
		})
	}
}

// A line that gets an answer, even an error, costs a line.
func TestAnsweredLines(t *testing.T) {
	json := hub.Caller{Nick: "bob", Format: wire.JSON}
	text := hub.Caller{Nick: "bob", Codecs: [2]hub.Codec{wire.Text: hubtest.Codec{Format: wire.Text}}} // as a WebSocket
	for line, caller := range map[string]hub.Caller{
		"/what":        text,
		"/format text": text,
		"/format json": text,
		"/who":         text,
		"{}":           json,
	} {
		withHub(t, pacedOptions, func(h *testHub) {
			bob := h.join(caller)
			for range 100 {
				bob.Say(line)
			}
			synctest.Wait()
			if n := len(bob.Received()); n != 42 { // and the notice
				t.Errorf("%q: %d answers at once", line, n)
			}
		})
	}
}

// A control frame costs a line, has no other effect, and does not count as the first line.
func TestControlFrames(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		ann.Received()
		for range 40 {
			bob.Fail(hub.ErrControl)
		}
		bob.expect()
		bob.Say("\uFEFFhello")
		ann.expect("bob: hello")
		bob.expect("bob: hello", "-- you are being slowed: 10 lines a second --")
		bob.Say("again")
		ann.expect()
		time.Sleep(100 * time.Millisecond)
		ann.expect("bob: again")
	})
}

// A member whose connection cannot be watched is slowed like any other, and ends at once on
// shutdown.
func TestPaceWithoutWatcher(t *testing.T) {
	withHub(t, hub.Options{Rate: 1, Burst: 1}, func(h *testHub) {
		ann := h.named("ann")
		conn := hubtest.NewConn()
		end := h.serve(hub.Caller{Nick: "bob"}, struct{ hub.Conn }{conn})
		ann.expect("* bob has arrived")
		conn.Say("0", "1", "2", "3", "4")
		ann.expect("bob: 0", "bob: 1")
		time.Sleep(999 * time.Millisecond)
		ann.expect()
		for _, want := range []string{"bob: 2", "bob: 3"} {
			time.Sleep(time.Millisecond)
			ann.expect(want)
			time.Sleep(999 * time.Millisecond)
			ann.expect()
		}
		start := time.Now()
		h.hub.Shutdown(context.Background())
		<-end
		if d := time.Since(start); d != 0 {
			t.Errorf("the end took %v", d)
		}
	})
}

// A member that is not read for minutes ends as soon as its connection breaks, or ends with
// nothing left to read, even if the room is quiet.
func TestDisconnectWhilePaced(t *testing.T) {
	withHub(t, hub.Options{Rate: 0.001, Burst: 1}, func(h *testHub) {
		for name, c := range map[string]struct {
			act  func(p *client)
			want error
		}{
			"reset": {func(p *client) { p.Reset() }, hubtest.ErrReset},
			"end":   {func(p *client) { p.Leave() }, io.EOF},
		} {
			start := time.Now()
			bob := h.named("bob")
			bob.send("one", "two")
			c.act(bob)
			if why := bob.wait(); why != c.want {
				t.Errorf("%s: bob ended with %v", name, why)
			}
			if d := time.Since(start); d != 0 {
				t.Errorf("%s: it took %v", name, d)
			}
			ann := h.named("ann")
			ann.send("/nick bob")
			ann.expect("* ann is now known as bob")
			ann.Leave()
			ann.wait()
		}
	})
}
