package hub_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// The ack of a batch comes when all of its messages are committed, and says which were refused.
func TestBatchCommitted(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		bob, bot := h.named("bob"), h.bot("bot")
		bob.Received()
		bot.send(`{"type":"say","texts":["one","two","","three"],"key":"k"}`)
		if bot.Received(); len(j.pending) != 3 {
			t.Fatalf("%d messages are pending", len(j.pending))
		}
		last := j.pending[2]
		j.pending = j.pending[:2]
		j.commit(history.Result{})
		bob.expect("bot: one", "bot: two")
		for _, e := range bot.events() {
			if e.Type == "ack" {
				t.Error("an ack came before the last message")
			}
		}
		j.pending = []func(){last}
		j.commit(history.Result{Err: errBroken})
		bob.expect()
		e := bot.events()
		if len(e) != 1 || e[0].Type != "ack" || len(e[0].IDs) != 4 || e[0].IDs[1] != e[0].IDs[0]+1 || !slices.Equal(e[0].IDs[2:], []int64{0, 0}) {
			t.Fatalf("bot received %+v", e)
		}
		if f := e[0].Errors; len(f) != 2 || f[0].Index != 2 || f[0].Code != "bad_request" || f[1].Index != 3 || f[1].Code != "unavailable" {
			t.Errorf("the errors are %+v", f)
		}

		bot.send(`{"type":"say","texts":["one","two","three"],"key":"k","ref":"again"}`) // the keys are k0 to k2
		j.commit(history.Result{})
		bob.expect("bot: three")
	})
}

// A batch says if a message was delivered but not stored.
func TestBatchUnstored(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		bot := h.bot("bot")
		bot.send(`{"type":"say","texts":["one","two"],"key":"k"}`)
		j.commit(history.Result{Unstored: true})
		if received := strings.Join(bot.Received(), "\n"); !strings.Contains(received, `"stored":false}`) || strings.Count(received, `"ack"`) != 1 {
			t.Errorf("bot received\n%s", received)
		}
	})
}

// A batch counts as its number of lines for the rate limit, also if that is more than the burst.
func TestBatchPaced(t *testing.T) {
	withHub(t, hub.Options{Rate: 10, Burst: 20}, func(h *testHub) {
		ann, bot := h.named("ann"), h.bot("bot")
		ann.Received()
		start := time.Now()
		bot.Say(`{"type":"say","texts":["x"`+strings.Repeat(`,"x"`, wire.MaxTexts-1)+`],"ref":"r"}`, `{"type":"say","text":"next"}`)
		synctest.Wait()
		if n := len(ann.Received()); n != wire.MaxTexts {
			t.Errorf("%d messages were received at once", n)
		}
		for len(ann.Received()) == 0 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if d := time.Since(start); d < 4300*time.Millisecond || d > 4700*time.Millisecond { // 44 lines too many
			t.Errorf("the next message was received after %v", d)
		}
	})
}

// A batch waits while the member has too many uncommitted messages.
func TestBatchUncommitted(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		bot := h.bot("bot")
		text := `,"` + strings.Repeat("x", 500) + `"`
		for _, key := range []string{"a", "b"} {
			bot.send(`{"type":"say","texts":["first"` + strings.Repeat(text, 59) + `],"key":"` + key + `"}`)
		}
		synctest.Wait()
		if n := len(j.pending); n <= 60 || n > 100 {
			t.Errorf("%d messages are pending", n)
		}
		j.commitAll()
		acks := 0
		for _, e := range bot.events() {
			if e.Type == "ack" {
				acks++
				if len(e.Errors) > 0 || len(e.IDs) != 60 {
					t.Errorf("bot received %+v", e)
				}
			}
		}
		if acks != 2 {
			t.Errorf("bot received %d acks", acks)
		}
	})
}
