package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
	"partyline/hub/wire"
)

// A client resumes, reads slowly, and lags by more than the window. It gets all messages once
// and in order, and then live ones. It does not delay members that talk during the replay.
func TestSlowReaderResumes(t *testing.T) {
	for _, format := range []wire.Format{wire.Text, wire.JSON} {
		t.Run(fmt.Sprint(format), func(t *testing.T) {
			journal := history.NewMemory(history.Retention{Messages: 10_000})
			withHub(t, hub.Options{Window: 64 << 10, Replay: -1, Journal: journal}, func(h *testHub) {
				alice := h.named("alice")
				said := 0
				say := func(n int) {
					for range n {
						alice.Say(fmt.Sprint(said, " ", padding))
						said++
					}
					synctest.Wait()
				}
				say(1000)
				bob := &slowConn{hubtest.NewConn(), 400 << 10, 4 << 10}
				end := h.serve(hub.Caller{Nick: "bob", Format: format, Since: "0"}, bob)
				time.Sleep(100 * time.Millisecond)
				alice.Received()
				start := time.Now()
				for range 20 {
					say(20)
					if n := len(alice.Received()); n != 20 || time.Since(start) != 0 {
						t.Fatalf("alice received %d of 20 after %v", n, time.Since(start))
					}
				}
				time.Sleep(30 * time.Second)
				say(1)
				time.Sleep(time.Second)
				next := 0
				for _, event := range bob.Received() {
					var n int
					text := strings.TrimPrefix(event, "alice: ")
					if _, rest, ok := strings.Cut(event, `"text":"`); ok {
						text = rest
					}
					if _, err := fmt.Sscanf(text, "%d "+padding[:10], &n); err != nil {
						if strings.Contains(event, "missed; /since") || strings.Contains(event, `"gap"`) {
							t.Errorf("after message %d comes %s", next, event)
						}
						continue
					}
					if n != next {
						t.Fatalf("message %d comes, want %d", n, next)
					}
					next++
				}
				if next != said {
					t.Errorf("%d of %d messages", next, said)
				}
				bob.Leave()
				<-end
			})
		})
	}
}

// A client that resumes with its last id gets the messages after it and then live events,
// without gaps and duplicates.
func TestResume(t *testing.T) {
	withHub(t, hub.Options{Journal: history.NewMemory(history.Retention{Messages: 50})}, func(h *testHub) {
		alice := h.bot("alice")
		alice.send(`{"type":"say","text":"0"}`)
		last := alice.events()[0].ID
		for i := 1; i <= 10; i++ {
			alice.send(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		bob := h.connect(hub.Caller{Nick: "bob", Format: wire.JSON, Since: fmt.Sprint(last)})
		alice.send(`{"type":"say","text":"11"}`)
		got := bob.events()
		if got[0].Type != "welcome" || got[0].Last < last+10 { // bob joins while 11 is said
			t.Errorf("the first event is %+v", got[0])
		}
		for i, e := range got[1:] {
			if e.Type != "message" || e.Text != fmt.Sprint(i+1) {
				t.Errorf("%d: %+v", i, e)
			}
		}
		if len(got) != 12 {
			t.Errorf("%d events", len(got))
		}

		for i := 12; i <= 100; i++ {
			alice.send(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		long := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(last)}).events()
		if g := long[1]; g.Type != "gap" || g.After != last || *g.Missed != 50 || g.Before != long[2].ID || !g.Lost {
			t.Errorf("after a long absence: %+v", g)
		}
		if len(long) != 52 || long[2].Text != "51" {
			t.Errorf("after a long absence: %d events, from %q", len(long), long[2].Text)
		}

		unknown := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(last + 1000)}).events()
		if g := unknown[1]; g.Type != "gap" || g.After != last+1000 || g.Missed != nil || g.Before != unknown[2].ID {
			t.Errorf("with an unknown id: %+v", g)
		}
		if len(unknown) != 52 {
			t.Errorf("with an unknown id: %d events", len(unknown))
		}

		carol := h.connect(hub.Caller{Nick: "carol", Since: fmt.Sprint(last + 98)})
		synctest.Wait()
		want := []string{fmt.Sprintf("-- 2 messages since %d --", last+98), "alice: 99", "alice: 100", "-- live --"}
		if got := carol.Received()[1:]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("in text: %q, want %q", got, want)
		}
	})
}

// A sharedMemory is a journal that servers share, with as many of them as there are.
type sharedMemory struct{ *history.Memory }

func (sharedMemory) Await(string, int64) (bool, error) { return false, nil }

// In a history that servers share, the ids of a room say nothing of the number of its messages: a client in text gets the
// number only if the messages are few.
func TestResumeCounts(t *testing.T) {
	for name, c := range map[string]struct {
		journal history.Journal
		want    string
	}{
		"alone":  {history.NewMemory(history.Retention{Messages: 1000}), "130"},
		"shared": {sharedMemory{history.NewMemory(history.Retention{Messages: 1000})}, "100 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			withHub(t, hub.Options{Journal: c.journal, Rate: -1}, func(h *testHub) {
				alice := h.bot("alice")
				for i := range 130 {
					alice.send(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
				}
				bob := h.connect(hub.Caller{Nick: "bob", Since: "0"})
				synctest.Wait()
				if got := bob.Received(); len(got) < 132 || got[1] != "-- "+c.want+" messages since 0 --" {
					t.Errorf("received %d lines, %q", len(got), got[:min(len(got), 2)])
				}
			})
		})
	}
}

// A client resumes with an id that the server does not know, in a room with no message, with
// one, and with two.
func TestResumeWithUnknownID(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.bot("alice")
		var ids []int64
		for range 3 {
			got := h.connect(hub.Caller{Format: wire.JSON, Since: "9007199254740991"}).events()
			if len(got) != 2+len(ids) || got[1].Type != "gap" || got[1].After != 1<<53-1 || got[1].Missed != nil || !got[1].Lost {
				t.Fatalf("with %d messages: %+v", len(ids), got)
			}
			if len(ids) > 0 && got[1].Before != ids[0] || len(ids) == 0 && got[1].Before != 0 {
				t.Errorf("with %d messages the gap ends before %d", len(ids), got[1].Before)
			}
			for i, id := range ids {
				if got[2+i].Type != "message" || got[2+i].ID != id {
					t.Errorf("after the gap comes %+v, not %d", got[2+i], id)
				}
			}
			alice.events()
			alice.send(`{"type":"say","text":"hello"}`)
			ids = append(ids, alice.events()[0].ID)
		}
	})
}

// A replay of more messages than a page has and than the stream keeps comes once and in order.
// Messages that are said during the replay come after it.
func TestLongResume(t *testing.T) {
	withHub(t, hub.Options{Window: 4 << 10, Journal: history.NewMemory(history.Retention{Messages: 10_000})}, func(h *testHub) {
		alice := h.named("alice")
		for i := range 1000 {
			alice.Say(fmt.Sprint(i))
		}
		synctest.Wait()
		alice.Received()
		bot := h.connect(hub.Caller{Nick: "bot", Format: wire.JSON, Since: "0"})
		for i := 1000; i < 1500; i++ {
			alice.Say(fmt.Sprint(i))
		}
		next := 0
		for _, e := range bot.events() {
			if e.Type != "message" {
				continue
			}
			if e.Text != fmt.Sprint(next) {
				t.Fatalf("message %s comes, want %d", e.Text, next)
			}
			next++
		}
		if next != 1500 {
			t.Errorf("%d messages", next)
		}
	})
}
