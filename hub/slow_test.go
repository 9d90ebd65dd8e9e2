package hub_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// padding makes a message long enough that a few hundred of them leave the window.
var padding = strings.Repeat(".", 1000)

// A member that stops reading delays nobody, is told exactly what it missed, and finds it
// in history.
func TestAFrozenReaderMissesNothingSilently(t *testing.T) {
	inHouse(t, hub.Options{Window: 200 << 10, Journal: history.NewMemory(history.Retention{Messages: 10_000})}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		bob.Freeze()
		alice.say("flood")
		alice.hears("alice: flood")
		time.Sleep(time.Second) // nobody waits any longer for bob to take something
		const n = 500
		for i := range n {
			alice.say(fmt.Sprintf("%d %s", i, padding))
			alice.hears(fmt.Sprintf("alice: %d %s", i, padding)) // at once, though bob is frozen
		}
		bob.Thaw()
		synctest.Wait()
		got := bob.Heard()[1:]

		// What bob heard is the beginning, one gap, and the end.
		next, begin, missed, since := 0, 0, 0, ""
		for _, line := range got {
			if rest, ok := strings.CutPrefix(line, "-- "); ok {
				if _, err := fmt.Sscanf(rest, "%d messages missed; /since %s shows them --", &missed, &since); err != nil {
					t.Fatalf("bob was told %q after %d messages", line, next)
				}
				begin = next
				next += missed
				continue
			}
			if want := fmt.Sprintf("alice: %d %s", next, padding); line != want {
				t.Fatalf("bob heard %.20q, want %.20q", line, want)
			}
			next++
		}
		if next != n || missed == 0 {
			t.Fatalf("bob heard of %d messages, %d of them missed; want %d", next, missed, n)
		}

		bob.say("/since " + since)
		got = bob.Heard()
		first := n - (len(got) - 2)
		if got[0] != fmt.Sprintf("-- %d messages since %s --", len(got)-2, since) || got[len(got)-1] != "-- live --" {
			t.Errorf("since: from %q to %q", got[0], got[len(got)-1])
		}
		for i, line := range got[1 : len(got)-1] {
			if want := fmt.Sprintf("alice: %d %s", first+i, padding); line != want {
				t.Fatalf("since: %.20q, want %.20q", line, want)
			}
		}
		if first != begin {
			t.Errorf("since begins with %d, the gap with %d", first, begin)
		}
	})
}

// In JSON the gap bears the ids, and a fresh welcome follows it.
func TestAGapInJSON(t *testing.T) {
	inHouse(t, hub.Options{Window: 16 << 10, Journal: history.NewMemory(history.Retention{Messages: 10})}, func(h *house) {
		alice := h.named("alice")
		bob := h.call(hub.Caller{Nick: "bob", Format: wire.JSON})
		bob.Freeze()
		alice.say("flood")
		time.Sleep(time.Second) // nobody waits any longer for bob to take something
		for i := range 200 {
			alice.say(fmt.Sprint(i, padding))
		}
		bob.Thaw()
		synctest.Wait()
		var last, missed int64
		gaps := 0
		heard := bob.Heard()
		for i, line := range heard {
			var m struct {
				Type                      string
				ID, After, Before, Missed int64
				Lost                      bool
			}
			unmarshal(t, line, &m)
			switch m.Type {
			case "message":
				if last != 0 && m.ID != last+1+missed {
					t.Errorf("%d comes after %d and %d missed", m.ID, last, missed)
				}
				last, missed = m.ID, 0
			case "gap":
				gaps++
				missed = m.Missed
				if m.After != last || m.Before != last+missed+1 || !m.Lost {
					t.Errorf("%s after %d", line, last)
				}
				if !strings.HasPrefix(heard[i+1], `{"type":"welcome"`) {
					t.Errorf("after the gap comes %q", heard[i+1])
				}
			}
		}
		if gaps != 1 {
			t.Errorf("%d gaps", gaps)
		}
	})
}

// Who takes nothing for the write timeout is cut, and nobody waits for that.
func TestAFrozenReaderIsCut(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		bob.Freeze()
		begun := time.Now()
		alice.say("hello")
		alice.hears("alice: hello")
		if why := bob.off(); !errors.Is(why, hub.ErrSlow) {
			t.Errorf("bob is off for %v", why)
		}
		if took := time.Since(begun); took != hubtest.FrozenFor {
			t.Errorf("bob was cut after %v", took)
		}
		if !errors.Is(bob.Closed(), hub.ErrSlow) {
			t.Errorf("bob was closed for %v", bob.Closed())
		}
		alice.hears("* bob has left")
	})
}

// A frozen reader that leaves the room for another one gets all of the first room first.
func TestAReaderThatIsBehindLeavesInOrder(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Freeze()
		alice.say("one", "two")
		bob.say("/join ops")
		alice.say("three")
		bob.Thaw()
		bob.hears("alice: one", "alice: two", "* You are bob in #ops, alone (1 here). /help lists the commands.")
	})
}

// A private message for somebody who is too far behind is refused, not dropped.
func TestAPrivateMessageIsRefusedByAFullOutbox(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		bob.Freeze()
		sent := 0
		for {
			alice.say("/msg bob " + padding)
			if heard := alice.Heard(); heard[0] != "you -> bob: "+padding {
				if heard[0] != "! bob is too far behind to get it: try again in a moment" {
					t.Errorf("alice heard %q", heard)
				}
				break
			}
			sent++
		}
		bob.Thaw()
		synctest.Wait()
		if got := len(bob.Heard()); got != sent || sent < 60 {
			t.Errorf("bob got %d of %d", got, sent)
		}
	})
}

// One message to many costs one write a member, and one encoding a codec.
func TestOneEncodingACodec(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		var n atomic.Int64
		codec := counting{hubtest.Lines{Format: wire.Text}, &n}
		people := make([]*person, 50)
		for i := range people {
			people[i] = h.call(hub.Caller{Codecs: [2]hub.Codec{wire.Text: codec}})
		}
		time.Sleep(2 * time.Second) // all are known then
		before := make([]int, len(people))
		for i, p := range people {
			before[i] = p.Writes()
		}
		n.Store(0)
		people[0].say("hello")
		if n := n.Load(); n != 1 {
			t.Errorf("%d encodings", n)
		}
		for i, p := range people {
			if w := p.Writes() - before[i]; w != 1 {
				t.Errorf("%d writes to member %d", w, i)
			}
		}
	})
}

type counting struct {
	hub.Codec
	n *atomic.Int64
}

func (c counting) Append(dst []byte, e wire.Event) []byte {
	c.n.Add(1)
	return c.Codec.Append(dst, e)
}
