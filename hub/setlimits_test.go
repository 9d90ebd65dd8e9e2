package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/admission"
)

// TestSetRate changes the rate while a member talks. The new one counts from its next line on.
func TestSetRate(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ann, bob := h.named("ann"), h.named("bob")
		next, said := 0, 0
		say := func(n, want int) {
			t.Helper()
			for range n {
				bob.Say(fmt.Sprint(said))
				said++
			}
			synctest.Wait()
			if got := ann.countNumbered(&next); got != want {
				t.Errorf("%d messages were received, not %d", got, want)
			}
		}
		say(100, 100)
		h.hub.SetLimits(2, 10, admission.Limits{})
		say(20, 11) // one more: a line is paid for after it is said
		time.Sleep(time.Second)
		say(0, 2)
		h.hub.SetLimits(20, 100, admission.Limits{}) // the old rate still delays the next line
		say(0, 0)
		time.Sleep(time.Second / 2)
		say(0, 7)
		say(50, 50)
		time.Sleep(time.Minute)
		h.hub.SetLimits(1, 5, admission.Limits{})
		say(7, 6)
		time.Sleep(time.Second)
		say(0, 1)
		h.hub.SetLimits(0, 5, admission.Limits{})
		time.Sleep(time.Second)
		say(100, 100)
	})
}

// TestSetRateOfReturning has a member leave in debt. When it comes back, it waits at the rate of then.
func TestSetRateOfReturning(t *testing.T) {
	for rate, want := range map[float64]time.Duration{1: 20 * time.Second, 10: 2 * time.Second, 0: 0} {
		withHub(t, hub.Options{Rate: 2, Burst: 10}, func(h *testHub) {
			first := h.from("192.0.2.1", hub.Caller{Nick: "ann"})
			synctest.Wait()
			first.Say("/format json", `{"type":"say","texts":["x"`+strings.Repeat(`,"x"`, 29)+`],"ref":"r"}`) // 20 lines too many
			synctest.Wait()
			first.Reset()
			first.wait()
			h.hub.SetLimits(rate, 10, admission.Limits{})
			second := h.from("192.0.2.1", hub.Caller{Nick: "bob"})
			synctest.Wait()
			start := time.Now()
			second.Say("hello")
			synctest.Wait()
			for !slices.Contains(second.Received(), "bob: hello") {
				time.Sleep(time.Second / 10)
				synctest.Wait()
			}
			if d := time.Since(start); d < want-time.Second || d > want+time.Second {
				t.Errorf("at a rate of %v the wait is %v, not %v", rate, d, want)
			}
		})
	}
}

// TestSetLimits changes the limits of rooms and of answers.
func TestSetLimits(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		ann := h.named("ann")
		join := func(room string, want bool) {
			t.Helper()
			ann.send("/join " + room)
			if received := ann.Received(); strings.Contains(strings.Join(received, "\n"), "* You are ann in #"+room) != want {
				t.Errorf("after /join %s ann received %q", room, received)
			}
		}
		answer := func(want int) {
			t.Helper()
			ann.send("/history 10")
			if n := strings.Count(strings.Join(ann.Received(), "\n"), "ann: "); n != want {
				t.Errorf("the answer has %d messages, not %d", n, want)
			}
		}
		join("one", true)
		h.hub.SetLimits(0, 0, admission.Limits{Rooms: 1})
		join("one", true)
		join("two", false)
		h.hub.SetLimits(0, 0, admission.Limits{Rooms: 2, NewRooms: 1})
		join("two", true)
		join("three", false)
		h.hub.SetLimits(0, 0, admission.Limits{NewRooms: 2, PageLimit: 3})
		join("four", true)
		join("five", false)

		ann.send("1", "2", "3", "4", "5")
		ann.Received()
		answer(3)
		h.hub.SetLimits(0, 0, admission.Limits{PageLimit: 4})
		answer(4)
		h.hub.SetLimits(0, 0, admission.Limits{})
		answer(5)
	})
}
