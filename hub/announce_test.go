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

// A probe connects, says nothing, and is gone within a second: the others hear nothing,
// cannot see it, and the log has a line at the level of debugging alone.
func TestProbe(t *testing.T) {
	var info bytes.Buffer
	log := slog.New(slog.NewTextHandler(&info, nil))
	inHouse(t, hub.Options{Log: log}, func(h *house) {
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Heard()
		info.Reset()
		for range 3 {
			probe := h.connect(hub.Caller{})
			synctest.Wait()
			if heard := probe.Heard(); len(heard) != 1 || !strings.Contains(heard[0], ", with alice and bot (3 here)") {
				t.Errorf("the probe heard %q", heard)
			}
			alice.say("/who", "/rooms")
			alice.hears("= alice, bot", "= lobby (2)")
			carol := h.connect(hub.Caller{Nick: "carol"})
			carol.hears("* You are carol in #lobby, with alice and bot (3 here). /help lists the commands.")
			carol.say("/quit")
			alice.hears("* carol has arrived", "* carol has left")
			time.Sleep(900 * time.Millisecond)
			probe.Say("", " ") // blank lines ask for nothing
			probe.Leave()
			probe.off()
		}
		alice.hears()
		if log := info.String(); strings.Contains(log, "guest-") {
			t.Errorf("the log has %s", log)
		}
		bot.Heard()
		time.Sleep(2 * time.Second)
		alice.hears()
		bot.hears()
	})
}

// A caller that asks for nothing arrives with the first thing that it says or asks for.
func TestArrivalWithTheFirstWord(t *testing.T) {
	for _, line := range []string{"hello", "/who", "/nope", "/nick dave", "/msg alice psst", "/join ops", "/quit"} {
		inHouse(t, hub.Options{}, func(h *house) {
			alice := h.named("alice")
			caller := h.call(hub.Caller{})
			alice.hears()
			caller.say(line)
			if heard := alice.Heard(); line != "/nope" && (len(heard) == 0 || !strings.HasSuffix(heard[0], " has arrived")) {
				t.Errorf("after %q alice heard %q", line, heard)
			}
			for _, heard := range caller.Heard() {
				if strings.Contains(heard, "has arrived") {
					t.Errorf("after %q the caller heard %q", line, heard)
				}
			}
		})
	}
}

// A caller that stays arrives after a second, is told nothing of that, and everything else.
func TestArrivalOfOneThatStays(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		caller := h.call(hub.Caller{})
		alice.say("one")
		time.Sleep(1050 * time.Millisecond)
		alice.say("two", "/who")
		heard := alice.Heard()
		if len(heard) != 4 || heard[0] != "alice: one" || !strings.HasSuffix(heard[1], " has arrived") ||
			heard[2] != "alice: two" || !strings.HasPrefix(heard[3], "= alice, guest-") {
			t.Errorf("alice heard %q", heard)
		}
		caller.hears("alice: one", "alice: two")
		caller.say("/quit")
		if heard := alice.Heard(); len(heard) != 1 || !strings.HasSuffix(heard[0], " has left") {
			t.Errorf("alice heard %q", heard)
		}
	})
}

// A caller that reads slowly, or not at all, when it is announced is not told of itself
// either, however its own arrival lies in what it has still to read.
func TestArrivalOfASlowReader(t *testing.T) {
	for before := range 40 {
		inHouse(t, hub.Options{}, func(h *house) {
			alice, other := h.named("alice"), h.named("other")
			caller := h.call(hub.Caller{})
			caller.Freeze()
			want := 0
			talk := func(n int) {
				for range n {
					alice.say(fmt.Sprint(want, strings.Repeat(".", 60)))
					want++
				}
			}
			talk(before) // so that chunks of the stream end around the arrival
			time.Sleep(1100 * time.Millisecond)
			talk(20)
			caller.Thaw()
			synctest.Wait()
			heard := caller.Heard()
			if len(heard) != want {
				t.Errorf("%d messages before: it heard %d of %d", before, len(heard), want)
			}
			for i, line := range heard {
				if !strings.HasPrefix(line, fmt.Sprintf("alice: %d.", i)) {
					t.Errorf("%d messages before: line %d is %q", before, i, line)
					break
				}
			}
			if heard := strings.Join(other.Heard(), "\n"); strings.Count(heard, "has arrived") != 1 {
				t.Errorf("other heard %q", heard)
			}
		})
	}
}

// Many that come within a moment all arrive after a second or a little more, and those that
// leave before do not.
func TestArrivalOfMany(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice := h.named("alice")
		callers := make([]*person, 90)
		for i := range callers {
			callers[i] = h.call(hub.Caller{})
			time.Sleep(11 * time.Millisecond)
		}
		for _, c := range callers[80:] {
			c.Leave()
		}
		time.Sleep(1100 * time.Millisecond)
		heard := alice.Heard()
		if n := strings.Count(strings.Join(heard, "\n"), " has arrived"); n != 80 || len(heard) != 80 {
			t.Errorf("alice heard of %d arrivals in %d lines", n, len(heard))
		}
	})
}
