package hub_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

func TestMessageRefusedByJournal(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		alice, bob, bot := h.named("alice"), h.named("bob"), h.bot("bot")
		alice.Received()
		bob.Received()
		alice.send("lost")
		bot.send(`{"type":"say","text":"lost","key":"k","ref":"r"}`)
		j.commit(history.Result{Err: errBroken})
		alice.expect("! not said: history can't take it now, try again in a moment")
		bob.expect()
		if e := bot.events(); len(e) != 1 || e[0].Code != "unavailable" || e[0].Key != "k" || e[0].Ref != "r" {
			t.Errorf("the bot received %+v", e)
		}
		alice.send("kept")
		j.commit(history.Result{})
		bob.expect("alice: kept")
	})
}

func TestUnstored(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		const failed = "-- history can't be written: what is said now is heard, but not stored --"
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Received()
		alice.send("one", "two")
		bot.send(`{"type":"say","text":"three","key":"k"}`)
		j.commit(history.Result{Unstored: true})
		alice.expect(failed, "alice: one", "alice: two", "bot: three")
		synctest.Wait()
		received := strings.Join(bot.Received(), "\n")
		for what, want := range map[string]int{`"stored":false`: 3, `"code":"unstored"`: 2, `"key":"k"`: 1, `"ack"`: 0} {
			if n := strings.Count(received, what); n != want {
				t.Errorf("%s comes %d times, not %d, in\n%s", what, n, want, received)
			}
		}
		carol := h.connect(hub.Caller{Nick: "carol"})
		carol.expect("* You are carol in #lobby, with alice and bot (3 here). /help lists the commands.", failed)
		alice.send("four")
		j.commit(history.Result{})
		carol.expect("-- history is written again --", "alice: four")
	})
}

// A client that asks for history gets an error if the journal cannot be read, and stays
// connected.
func TestUnreadable(t *testing.T) {
	withManualJournal(t, func(h *testHub, j *manualJournal) {
		const unreadable = "! history can't be read now, try again in a moment"
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Received()
		j.broken = true
		alice.send("/history", "/since 0", "/search x", "/who")
		got := alice.Received()
		if n := strings.Count(strings.Join(got, "\n"), unreadable); n != 3 || got[len(got)-1] != "= alice, bot" {
			t.Errorf("alice received %q", got)
		}
		for _, request := range []string{`"history"`, `"since","id":0`, `"search","words":"x"`} {
			bot.send(`{"type":` + request + `,"ref":"r"}`)
			if e := bot.events(); len(e) != 1 || e[0].Code != "unavailable" || e[0].Ref != "r" {
				t.Errorf("%s: %+v", request, e)
			}
		}
		back := h.connect(hub.Caller{Nick: "back", Format: wire.JSON, Since: "7"})
		if e := back.events(); len(e) != 3 || e[1].Type != "gap" || e[1].After != 7 || e[2].Code != "unavailable" {
			t.Errorf("a client that resumes received %+v", e)
		}
	})
}

// A client that falls out of the window while messages are not stored gets the notice of that
// again after the gap.
func TestUnstoredNoticeAfterAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newManualJournal()
		h := &testHub{t, hub.New(hub.Options{Journal: j, Window: 16 << 10})}
		alice, bot := h.named("alice"), h.bot("bot")
		bot.Freeze()
		for i := range 100 {
			alice.send(padding)
			j.commit(history.Result{Unstored: true})
			if i == 0 {
				time.Sleep(time.Second) // backpressure no longer waits for bot
			}
		}
		bot.Thaw()
		var received []string
		for _, e := range bot.events() {
			received = append(received, e.Type+e.Code)
		}
		if all := strings.Join(received, " "); !strings.Contains(all, "gap welcome noticeunstored message") {
			t.Errorf("bot received %s", all)
		}
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
