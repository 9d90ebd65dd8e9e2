package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

// lateJournal is a Journal that commits when it is told to.
type lateJournal struct {
	*history.Memory
	fate history.Result // of what is committed

	mu      sync.Mutex
	pending []func()
	broken  bool // nothing can be read
}

func newLateJournal() *lateJournal {
	return &lateJournal{Memory: history.NewMemory(history.Retention{Messages: 1000})}
}

func (j *lateJournal) Append(m *wire.Message, key string, commit func(history.Result)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pending = append(j.pending, func() {
		if j.fate.Err != nil {
			commit(j.fate)
			return
		}
		m.Unstored = j.fate.Unstored
		j.Memory.Append(m, key, func(f history.Result) {
			f.Unstored = j.fate.Unstored
			commit(f)
		})
	})
}

// commit commits what came until now, from another goroutine than those that said it, and
// returns how many messages that were.
func (j *lateJournal) commit(fate history.Result) int {
	j.mu.Lock()
	pending := j.pending
	j.pending, j.fate = nil, fate
	j.mu.Unlock()
	for _, p := range pending {
		p()
	}
	synctest.Wait()
	return len(pending)
}

var errBroken = errors.New("broken")

func (j *lateJournal) Read(room string, g history.Range) (history.Page, error) {
	if j.broken && g.Limit > 0 {
		return history.Page{}, errBroken
	}
	return j.Memory.Read(room, g)
}

func (j *lateJournal) Search(room string, q *history.Query, before int64, limit int) ([]*wire.Message, bool, error) {
	if j.broken {
		return nil, false, errBroken
	}
	return j.Memory.Search(room, q, before, limit)
}

// inLateHouse is inHouse with a lateJournal.
func inLateHouse(t *testing.T, test func(h *house, j *lateJournal)) {
	j := newLateJournal()
	inHouse(t, hub.Options{Journal: j, Replay: -1}, func(h *house) { test(h, j) })
}

// TestAfterWhatWasSaid: what somebody asks for comes behind what it said before.
func TestAfterWhatWasSaid(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		alice.say("one", "two", "/nick ally", "/who", "three", "/history 9", "/join ops")
		alice.hears()
		bob.hears()
		bob.say("/who") // nobody else waits
		bob.hears("= alice, bob")
		if n := j.commit(history.Result{}); n != 2 {
			t.Errorf("%d messages before the nick", n)
		}
		alice.hears("alice: one", "alice: two", "* alice is now known as ally", "= ally, bob")
		bob.hears("alice: one", "alice: two", "* alice is now known as ally")
		j.commit(history.Result{})
		alice.hears(
			"ally: three", "-- the last 3 messages --", "alice: one", "alice: two", "ally: three", "-- live --",
			"* You are ally in #ops, alone (1 here). /help lists the commands.",
		)
		bob.hears("ally: three", "* ally has left")
		bob.say("bye", "/quit")
		bob.hears()
		j.commit(history.Result{})
		bob.hears("bob: bye", "-- goodbye: you left (Ctrl-C ends netcat) --")
	})
}

func TestRefusedByTheJournal(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		alice, bob, bot := h.named("alice"), h.named("bob"), h.bot("bot")
		alice.Heard()
		bob.Heard()
		alice.say("lost")
		bot.say(`{"type":"say","text":"lost","key":"k","ref":"r"}`)
		j.commit(history.Result{Err: errBroken})
		alice.hears("! not said: history can't take it now, try again in a moment")
		bob.hears()
		if e := bot.events(); len(e) != 1 || e[0].Code != "unavailable" || e[0].Key != "k" || e[0].Ref != "r" {
			t.Errorf("the bot is told %+v", e)
		}
		alice.say("kept")
		j.commit(history.Result{})
		bob.hears("alice: kept")
	})
}

func TestUnstored(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		const ill = "-- history can't be written: what is said now is heard, but not stored --"
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Heard()
		alice.say("one", "two")
		bot.say(`{"type":"say","text":"three","key":"k"}`)
		j.commit(history.Result{Unstored: true})
		alice.hears(ill, "alice: one", "alice: two", "bot: three")
		synctest.Wait()
		heard := strings.Join(bot.Heard(), "\n")
		for what, want := range map[string]int{`"stored":false`: 3, `"code":"unstored"`: 2, `"key":"k"`: 1, `"ack"`: 0} {
			if n := strings.Count(heard, what); n != want {
				t.Errorf("%s comes %d times, not %d, in\n%s", what, n, want, heard)
			}
		}
		carol := h.connect(hub.Caller{Nick: "carol"})
		carol.hears("* You are carol in #lobby, with alice and bot (3 here). /help lists the commands.", ill)
		alice.say("four")
		j.commit(history.Result{})
		carol.hears("-- history is written again --", "alice: four")
	})
}

// TestUnreadable: who asks for what can't be read is told so, and goes on.
func TestUnreadable(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		const sorry = "! history can't be read now, try again in a moment"
		alice, bot := h.named("alice"), h.bot("bot")
		alice.Heard()
		j.broken = true
		alice.say("/history", "/since 0", "/search x", "/who")
		got := alice.Heard()
		if n := strings.Count(strings.Join(got, "\n"), sorry); n != 3 || got[len(got)-1] != "= alice, bot" {
			t.Errorf("alice is told %q", got)
		}
		for _, request := range []string{`"history"`, `"since","id":0`, `"search","words":"x"`} {
			bot.say(`{"type":` + request + `,"ref":"r"}`)
			if e := bot.events(); len(e) != 1 || e[0].Code != "unavailable" || e[0].Ref != "r" {
				t.Errorf("%s: %+v", request, e)
			}
		}
		back := h.connect(hub.Caller{Nick: "back", Format: wire.JSON, Since: "7"})
		if e := back.events(); len(e) != 3 || e[1].Type != "gap" || e[1].After != 7 || e[2].Code != "unavailable" {
			t.Errorf("who comes back is told %+v", e)
		}
	})
}

// TestPlaceless: who says much that has no place yet is read no further.
func TestPlaceless(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		alice := h.named("alice")
		line := strings.Repeat("x", 4000)
		for range 100 {
			alice.Say(line)
		}
		synctest.Wait()
		total := 0
		for n := j.commit(history.Result{}); n > 0; n = j.commit(history.Result{}) {
			if total += n; n > 17 {
				t.Errorf("%d messages without a place", n)
			}
		}
		if total != 100 {
			t.Errorf("%d messages in all", total)
		}
	})
}

// TestShutdownDoesNotWaitForever: a journal that never commits does not keep the server.
func TestShutdownDoesNotWaitForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{t, hub.New(hub.Options{Journal: newLateJournal()})}
		alice := h.named("alice")
		h.named("bob")
		alice.say("never")
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("it ends with %v after %v", err, time.Since(began))
		}
	})
}

// TestShutdownDelivers: what is committed before the drain ends is heard by all.
func TestShutdownDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newLateJournal()
		h := &house{t, hub.New(hub.Options{Journal: j})}
		alice, bob := h.named("alice"), h.named("bob")
		alice.Heard()
		alice.say("last words")
		done := make(chan error, 1)
		go func() { done <- h.hub.Shutdown(context.Background()) }()
		synctest.Wait()
		j.commit(history.Result{})
		if err := <-done; err != nil {
			t.Error(err)
		}
		for _, p := range []*person{alice, bob} {
			if heard := p.Heard(); len(heard) < 2 || heard[0] != "alice: last words" {
				t.Errorf("heard %q", heard)
			}
		}
	})
}

// TestLongResume: what is more than a page, and more than the stream keeps, comes once and
// in order, and what is said meanwhile behind it.
func TestLongResume(t *testing.T) {
	inHouse(t, hub.Options{Window: 4 << 10, Journal: history.NewMemory(history.Retention{Messages: 10_000})}, func(h *house) {
		alice := h.named("alice")
		for i := range 1000 {
			alice.Say(fmt.Sprint(i))
		}
		synctest.Wait()
		alice.Heard()
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
				t.Fatalf("%s comes in the place of %d", e.Text, next)
			}
			next++
		}
		if next != 1500 {
			t.Errorf("%d messages", next)
		}
	})
}

func TestSearch(t *testing.T) {
	inHouse(t, hub.Options{Replay: -1}, func(h *house) {
		alice, bot := h.named("alice"), h.bot("bot")
		bot.say(`{"type":"say","text":"Pizza\non Friday"}`)
		alice.say("no pizza here", "/me eats")
		alice.Heard()
		bot.Heard()
		alice.say("/search pizza", "/search pizza fri", "/search nothing", "/search --", "/search")
		got := alice.Heard()
		for i, line := range got {
			got[i] = strings.Join(strings.Fields(line), " ")
		}
		ends := []string{
			"alice: no pizza here", "bot: Pizza", "bot: on Friday", "bot: Pizza", "bot: on Friday",
			"= no messages", "! there is no word to search for", "! usage: /search WORDS",
		}
		if len(got) != len(ends) {
			t.Fatalf("alice is told\n%s", strings.Join(got, "\n"))
		}
		for i, end := range ends {
			if !strings.HasSuffix(got[i], end) {
				t.Errorf("line %d is %q", i, got[i])
			}
		}
		bot.say(`{"type":"search","words":"pizza","limit":1,"ref":"a"}`)
		first := bot.events()
		if len(first) != 1 || first[0].Type != "search" || !first[0].More || len(first[0].Messages) != 1 || first[0].Messages[0].From != "alice" {
			t.Fatalf("found %+v", first)
		}
		bot.say(fmt.Sprintf(`{"type":"search","words":"PIZZA","before":%d}`, first[0].Messages[0].ID))
		second := bot.events()
		if len(second) != 1 || second[0].More || len(second[0].Messages) != 1 || second[0].Messages[0].Text != "Pizza\non Friday" {
			t.Fatalf("found %+v", second)
		}
	})
}
