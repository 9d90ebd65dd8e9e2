package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/hubtest"
)

// A slow reader that sends requests during a flood gets its answers, and can leave.
func TestSlowReaderGetsAnswers(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice := h.named("alice")
		stop := make(chan bool)
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
					alice.Say(padding)
				}
			}
		}()
		bob := &slowConn{hubtest.NewConn(), 50_000, 4 << 10} // half the rate of the flood
		end := h.serve(hub.Caller{Nick: "bob"}, bob)
		waitFor := func(part string, within time.Duration) {
			t.Helper()
			for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				for _, line := range bob.Received() {
					if strings.Contains(line, part) {
						return
					}
				}
				if time.Since(start) > within {
					t.Fatalf("no %q within %v", part, within)
				}
			}
		}
		time.Sleep(5 * time.Second) // bob lags by 250 KB
		bob.Say("hello", "/who")
		waitFor("= alice, bob", time.Second)
		alice.Received()
		bob.Say("hello again", "/quit")
		time.Sleep(time.Second)
		if lines := strings.Join(alice.Received(), "\n"); !strings.Contains(lines, "* bob has left") {
			t.Error("bob has not left within a second")
		}
		close(stop)
		<-end
	})
}

// An answer comes after the member's own message, even if another goroutine is writing to the
// member.
func TestAnswersFollowOwnMessages(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, bob := h.named("alice"), h.named("bob")
		bob.Received()
		alice.Freeze()
		bob.send("one")
		alice.send("two", "/who")
		bob.send("three")
		alice.Thaw()
		alice.expect("* bob has arrived", "bob: one", "alice: two", "= alice, bob", "bob: three")
	})
}

// A slowJournal is a Journal whose Open takes a second.
type slowJournal struct{ *history.Memory }

func (j slowJournal) Open(room string, hear history.Hear) int64 {
	time.Sleep(time.Second)
	return j.Memory.Open(room, hear)
}

// A member whose room is not open yet has its name, but gets no private message before its
// welcome.
func TestNothingComesBeforeTheWelcome(t *testing.T) {
	withHub(t, hub.Options{Journal: slowJournal{history.NewMemory(history.Retention{Messages: 10})}}, func(h *testHub) {
		bob := h.connect(hub.Caller{Nick: "bob"})
		time.Sleep(2 * time.Second)
		bob.Received()
		alice := h.connect(hub.Caller{Nick: "alice", Room: "ops"})
		synctest.Wait() // alice has its name, and waits for the room
		bob.send("/nick alice", "/msg alice psst", "/rooms")
		bob.expect("! alice is taken", "! alice is too far behind to get it: try again in a moment", "= lobby (1)")
		time.Sleep(2 * time.Second)
		bob.send("/msg alice psst")
		bob.expect("you -> alice: psst")
		alice.expect("* You are alice in #ops, alone (1 here). /help lists the commands.", "bob -> you: psst")
	})
}

// An answer comes after the member's earlier messages, even if the journal has not committed
// them yet.
func TestAnswersWaitForCommits(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Received()
		alice.send("one", "two", "/nick ally", "/who", "three", "/history 9", "/join ops")
		alice.expect()
		bob.expect()
		bob.send("/who") // the other members do not wait
		bob.expect("= alice, bob")
		if n := j.commit(history.Result{}); n != 2 {
			t.Errorf("%d messages before the nick", n)
		}
		alice.expect("alice: one", "alice: two", "* alice is now known as ally", "= ally, bob")
		bob.expect("alice: one", "alice: two", "* alice is now known as ally")
		j.commit(history.Result{})
		alice.expect(
			"ally: three", "-- the last 3 messages --", "alice: one", "alice: two", "ally: three", "-- live --",
			"* You are ally in #ops, alone (1 here). /help lists the commands.",
		)
		bob.expect("ally: three", "* ally has left")
		bob.send("bye", "/quit")
		bob.expect()
		j.commit(history.Result{})
		bob.expect("bob: bye", "-- goodbye: you left --")
	})
}

// A member that joins another room, or whose input ends, leaves its room when its messages are
// committed. Until then it is in the room.
func TestLeavingWaitsForCommits(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave func(alice *client)
		last  []string // what alice receives after its messages
	}{
		{"join", func(alice *client) { alice.Say("/join ops") }, []string{"* You are alice in #ops, alone (1 here). /help lists the commands."}},
		{"end of input", func(alice *client) { alice.Leave() }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			withManualJournal(t, func(h *testHub, j *manualJournal) {
				alice, bob := h.named("alice"), h.named("bob")
				alice.Received()
				alice.Say("one", "two")
				c.leave(alice)
				alice.expect()
				bob.expect()
				bob.send("/who")
				bob.expect("= alice, bob")
				j.commit(history.Result{})
				want := []string{"alice: one", "alice: two"}
				bob.expect(append(want, "* alice has left")...)
				alice.expect(append(want, c.last...)...)
			})
		})
	}
}
