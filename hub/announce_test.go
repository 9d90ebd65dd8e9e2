package hub_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
)

// A probe connects, sends nothing, and disconnects within a second. The other members receive
// nothing about it and cannot see it, and the log mentions it at the debug level only.
func TestProbe(t *testing.T) {
	var info bytes.Buffer
	log := slog.New(slog.NewTextHandler(&info, nil))
	withHub(t, hub.Options{Log: log}, func(h *testHub) {
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Received()
		info.Reset()
		for range 3 {
			probe := h.connect(hub.Caller{})
			synctest.Wait()
			if received := probe.Received(); len(received) != 1 || !strings.Contains(received[0], ", with alice and bot (3 here)") {
				t.Errorf("the probe received %q", received)
			}
			alice.send("/who", "/rooms")
			alice.expect("= alice, bot", "= lobby (2)")
			carol := h.connect(hub.Caller{Nick: "carol"})
			carol.expect("* You are carol in #lobby, with alice and bot (3 here). /help lists the commands.")
			carol.send("/quit")
			alice.expect("* carol has arrived", "* carol has left")
			time.Sleep(900 * time.Millisecond)
			probe.Say("", " ") // blank lines are no requests
			probe.Leave()
			probe.wait()
		}
		alice.expect()
		if log := info.String(); strings.Contains(log, "guest-") {
			t.Errorf("the log has %s", log)
		}
		bot.Received()
		time.Sleep(2 * time.Second)
		alice.expect()
		bot.expect()
	})
}

// A caller without a nick, a room or an id is announced when it sends its first line.
func TestFirstLineAnnouncesArrival(t *testing.T) {
	for _, line := range []string{"hello", "/who", "/nope", "/nick dave", "/msg alice psst", "/join ops", "/quit"} {
		withHub(t, hub.Options{}, func(h *testHub) {
			alice := h.named("alice")
			caller := h.join(hub.Caller{})
			alice.expect()
			caller.send(line)
			if received := alice.Received(); line != "/nope" && (len(received) == 0 || !strings.HasSuffix(received[0], " has arrived")) {
				t.Errorf("after %q alice received %q", line, received)
			}
			for _, received := range caller.Received() {
				if strings.Contains(received, "has arrived") {
					t.Errorf("after %q the caller received %q", line, received)
				}
			}
		})
	}
}

// A caller that sends nothing is announced after a second. It receives everything but its own
// arrival.
func TestArrivalAfterASecond(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		caller := h.join(hub.Caller{})
		alice.send("one")
		time.Sleep(1050 * time.Millisecond)
		alice.send("two", "/who")
		received := alice.Received()
		if len(received) != 4 || received[0] != "alice: one" || !strings.HasSuffix(received[1], " has arrived") ||
			received[2] != "alice: two" || !strings.HasPrefix(received[3], "= alice, guest-") {
			t.Errorf("alice received %q", received)
		}
		caller.expect("alice: one", "alice: two")
		caller.send("/quit")
		if received := alice.Received(); len(received) != 1 || !strings.HasSuffix(received[0], " has left") {
			t.Errorf("alice received %q", received)
		}
	})
}

// A caller in JSON that sends nothing is announced after ten seconds, however late. It does not delay a
// caller in text, and receives everything but its own arrival.
func TestArrivalInJSON(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		bot, welcome := h.welcomed(hub.Caller{})
		time.Sleep(4500 * time.Millisecond)
		text := h.join(hub.Caller{})
		time.Sleep(1050 * time.Millisecond)
		if received := alice.Received(); len(received) != 1 || !strings.HasSuffix(received[0], " has arrived") ||
			strings.Contains(received[0], welcome.Nick) {
			t.Errorf("after the text client alice received %q", received)
		}
		time.Sleep(4350 * time.Millisecond)
		alice.send("one", "/rooms")
		alice.expect("alice: one", "= lobby (2)")
		time.Sleep(150 * time.Millisecond)
		alice.send("/rooms")
		alice.expect("* "+welcome.Nick+" has arrived", "= lobby (3)")
		text.send("/quit")
		if events := bot.events(); len(events) != 3 || events[0].Type != "join" || events[1].Type != "message" || events[2].Type != "leave" {
			t.Errorf("the bot received %+v", events)
		}
	})
}

// A caller that reads slowly, or not at all, when it is announced does not receive its own
// arrival either, wherever that is in its unread part of the stream.
func TestArrivalOfASlowReader(t *testing.T) {
	for before := range 40 {
		withHub(t, hub.Options{}, func(h *testHub) {
			alice, other := h.named("alice"), h.named("other")
			caller := h.join(hub.Caller{})
			caller.Freeze()
			want := 0
			talk := func(n int) {
				for range n {
					alice.send(fmt.Sprint(want, strings.Repeat(".", 60)))
					want++
				}
			}
			talk(before) // so that a chunk of the stream ends near the arrival
			time.Sleep(1100 * time.Millisecond)
			talk(20)
			caller.Thaw()
			synctest.Wait()
			received := caller.Received()
			if len(received) != want {
				t.Errorf("%d messages before: it received %d of %d", before, len(received), want)
			}
			for i, line := range received {
				if !strings.HasPrefix(line, fmt.Sprintf("alice: %d.", i)) {
					t.Errorf("%d messages before: line %d is %q", before, i, line)
					break
				}
			}
			if received := strings.Join(other.Received(), "\n"); strings.Count(received, "has arrived") != 1 {
				t.Errorf("other received %q", received)
			}
		})
	}
}

// Of many callers that connect at about the same time, all that stay are announced after about
// a second, and those that leave before are not.
func TestArrivalOfMany(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		callers := make([]*client, 90)
		for i := range callers {
			callers[i] = h.join(hub.Caller{})
			time.Sleep(11 * time.Millisecond)
		}
		for _, c := range callers[80:] {
			c.Leave()
		}
		time.Sleep(1100 * time.Millisecond)
		received := alice.Received()
		if n := strings.Count(strings.Join(received, "\n"), " has arrived"); n != 80 || len(received) != 80 {
			t.Errorf("alice received %d arrivals in %d lines", n, len(received))
		}
	})
}

// A silent member that changes its format, and reads slowly, does not receive its own arrival: it is
// announced when it has changed the format.
func TestArrivalDuringAChangeOfFormat(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bob := h.named("bob")
		caller := h.join(hub.Caller{})
		caller.Freeze()
		bob.send("hello")
		caller.send("/format json")
		bob.expect("bob: hello")
		time.Sleep(2 * time.Second)
		bob.expect()
		caller.Thaw()
		time.Sleep(9 * time.Second)
		if received := bob.Received(); len(received) != 1 || !strings.HasSuffix(received[0], " has arrived") {
			h.Errorf("bob received %q", received)
		}
		for _, line := range caller.Received() {
			if strings.Contains(line, `"type":"join"`) {
				h.Errorf("the member received its own arrival: %s", line)
			}
		}
	})
}
