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

// A member that stops reading delays no other member. It gets the exact number of messages that
// it missed, and finds them in history.
func TestFrozenReaderGetsGapNotice(t *testing.T) {
	withHub(t, hub.Options{Window: 200 << 10, Journal: history.NewMemory(history.Retention{Messages: 10_000})}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		bob.Freeze()
		alice.send("flood")
		alice.expect("alice: flood")
		time.Sleep(time.Second) // backpressure no longer waits for bob
		const n = 500
		for i := range n {
			alice.send(fmt.Sprintf("%d %s", i, padding))
			alice.expect(fmt.Sprintf("alice: %d %s", i, padding)) // at once, though bob is frozen
		}
		bob.Thaw()
		synctest.Wait()
		got := bob.Received()[1:]

		// Bob received the first messages, one gap, and the last messages.
		next, gapStart, missed, since := 0, 0, 0, ""
		for _, line := range got {
			if rest, ok := strings.CutPrefix(line, "-- "); ok {
				if _, err := fmt.Sscanf(rest, "%d messages missed; /since %s shows them --", &missed, &since); err != nil {
					t.Fatalf("bob received %q after %d messages", line, next)
				}
				gapStart = next
				next += missed
				continue
			}
			if want := fmt.Sprintf("alice: %d %s", next, padding); line != want {
				t.Fatalf("bob received %.20q, want %.20q", line, want)
			}
			next++
		}
		if next != n || missed == 0 {
			t.Fatalf("%d messages were received or missed, %d of them missed; want %d", next, missed, n)
		}

		bob.send("/since " + since)
		got = bob.Received()
		first := n - (len(got) - 2)
		if got[0] != fmt.Sprintf("-- %d messages since %s --", len(got)-2, since) || got[len(got)-1] != "-- live --" {
			t.Errorf("since: from %q to %q", got[0], got[len(got)-1])
		}
		for i, line := range got[1 : len(got)-1] {
			if want := fmt.Sprintf("alice: %d %s", first+i, padding); line != want {
				t.Fatalf("since: %.20q, want %.20q", line, want)
			}
		}
		if first != gapStart {
			t.Errorf("/since starts with %d, the gap with %d", first, gapStart)
		}
	})
}

// In JSON the gap has the ids of the messages around it, and a new welcome follows it.
func TestGapInJSON(t *testing.T) {
	withHub(t, hub.Options{Window: 16 << 10, Journal: history.NewMemory(history.Retention{Messages: 10})}, func(h *testHub) {
		alice := h.named("alice")
		bob := h.join(hub.Caller{Nick: "bob", Format: wire.JSON})
		bob.Freeze()
		alice.send("flood")
		time.Sleep(time.Second) // backpressure no longer waits for bob
		for i := range 200 {
			alice.send(fmt.Sprint(i, padding))
		}
		bob.Thaw()
		synctest.Wait()
		var last, missed int64
		gaps := 0
		received := bob.Received()
		for i, line := range received {
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
				var next event
				unmarshal(t, received[i+1], &next)
				if next.Type != "welcome" || next.Last != m.Before-1 {
					t.Errorf("after the gap before %d comes %q", m.Before, received[i+1])
				}
			}
		}
		if gaps != 1 {
			t.Errorf("%d gaps", gaps)
		}
	})
}

// A member that reads nothing for the write timeout is disconnected, and delays no other
// member.
func TestFrozenReaderIsDisconnected(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		bob.Freeze()
		start := time.Now()
		alice.send("hello")
		alice.expect("alice: hello")
		if why := bob.wait(); !errors.Is(why, hub.ErrSlow) {
			t.Errorf("bob ended with %v", why)
		}
		if took := time.Since(start); took != hubtest.FreezeTimeout {
			t.Errorf("bob was disconnected after %v", took)
		}
		if !errors.Is(bob.Closed(), hub.ErrSlow) {
			t.Errorf("bob was closed with %v", bob.Closed())
		}
		alice.expect("* bob has left")
	})
}

// A frozen reader that changes its room gets all of the first room first.
func TestLaggingReaderChangesRoomInOrder(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Freeze()
		alice.send("one", "two")
		bob.send("/join ops")
		alice.send("three")
		bob.Thaw()
		bob.expect("alice: one", "alice: two", "* You are bob in #ops, alone (1 here). /help lists the commands.")
	})
}

// A private message to a member that lags too far is refused, not dropped.
func TestFullOutboxRefusesPrivateMessage(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		bob.Freeze()
		sent := 0
		for {
			alice.send("/msg bob " + padding)
			if received := alice.Received(); received[0] != "you -> bob: "+padding {
				if received[0] != "! bob is too far behind to get it: try again in a moment" {
					t.Errorf("alice received %q", received)
				}
				break
			}
			sent++
		}
		bob.Thaw()
		synctest.Wait()
		if got := len(bob.Received()); got != sent || sent < 60 {
			t.Errorf("bob got %d of %d", got, sent)
		}
	})
}

// A message to many members costs one write per member, and one encoding per codec.
func TestOneEncodingPerCodec(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		var n atomic.Int64
		codec := encodeCounter{hubtest.Codec{Format: wire.Text}, &n}
		members := make([]*client, 50)
		for i := range members {
			members[i] = h.join(hub.Caller{Codecs: [2]hub.Codec{wire.Text: codec}})
		}
		time.Sleep(2 * time.Second) // until all are announced
		before := make([]int, len(members))
		for i, p := range members {
			before[i] = p.Writes()
		}
		n.Store(0)
		members[0].send("hello")
		if n := n.Load(); n != 1 {
			t.Errorf("%d encodings", n)
		}
		for i, p := range members {
			if w := p.Writes() - before[i]; w != 1 {
				t.Errorf("%d writes to member %d", w, i)
			}
		}
	})
}

// An encodeCounter is a Codec that counts the events that it encodes.
type encodeCounter struct {
	hub.Codec
	n *atomic.Int64
}

func (c encodeCounter) Append(dst []byte, e wire.Event) []byte {
	c.n.Add(1)
	return c.Codec.Append(dst, e)
}
