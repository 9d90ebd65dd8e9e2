package hub_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
)

// commitAll commits what is said until nobody says anything more.
func (j *lateJournal) commitAll() {
	for j.commit(history.Result{}) > 0 {
	}
}

// waits returns how many messages have no place yet.
func (j *lateJournal) waits() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.pending)
}

// Short messages count for what they cost.
func TestShortMessagesWithoutAPlace(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		alice, bob := h.named("alice"), h.named("bob")
		const all = 1000
		for range all {
			alice.Say("x")
		}
		synctest.Wait()
		if n := j.waits(); n < 100 || n > 300 {
			t.Errorf("%d messages of a byte wait", n)
		}
		j.commitAll()
		if n := len(bob.Heard()); n != all {
			t.Errorf("%d of %d were heard", n, all)
		}
	})
}

// Where all together have 16 MiB without a place, each may have one message more, and
// goes on when it has its place.
func TestACrowdOfMessagesWithoutAPlace(t *testing.T) {
	inLateHouse(t, func(h *house, j *lateJournal) {
		text := strings.Repeat("x", 4000)
		var crowd []*person
		for i := range 300 {
			p := h.connect(hub.Caller{Nick: fmt.Sprint("t", i), Room: fmt.Sprint("room-", i)})
			for range 20 {
				p.Say(text)
			}
			crowd = append(crowd, p)
		}
		synctest.Wait()
		before := j.waits()
		if bytes := before * len(text); bytes < 15<<20 || bytes > 17<<20 {
			t.Errorf("%d bytes wait", bytes)
		}
		late := h.named("late")
		late.say("one", "two")
		if n := j.waits() - before; n != 1 {
			t.Errorf("a newcomer said %d messages more", n)
		}
		late.hears()
		j.commitAll()
		late.hears("late: one", "late: two")
		for _, p := range crowd {
			if n := len(p.Heard()); n != 21 { // and the welcome
				t.Errorf("somebody heard %d lines", n)
			}
		}
	})
}

// Who fell behind while nothing is stored is told that behind the gap.
func TestWhoMissedTheNoticeIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newLateJournal()
		h := &house{t, hub.New(hub.Options{Journal: j, Window: 16 << 10})}
		alice, bot := h.named("alice"), h.bot("bot")
		bot.Freeze()
		for i := range 100 {
			alice.say(padding)
			j.commit(history.Result{Unstored: true})
			if i == 0 {
				time.Sleep(time.Second) // nobody waits any longer for bot to take something
			}
		}
		bot.Thaw()
		var told []string
		for _, e := range bot.events() {
			told = append(told, e.Type+e.Code)
		}
		if all := strings.Join(told, " "); !strings.Contains(all, "gap welcome noticeunstored message") {
			t.Errorf("bot is told %s", all)
		}
		if err := h.hub.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// The end of the server ends every wait for a place, whatever is asked for behind it.
func TestShutdownEndsEveryWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newLateJournal()
		h := &house{t, hub.New(hub.Options{Journal: j})}
		var people []*person
		for ask, n := range map[string]int{
			"/who": 1, "/join ops": 1, "/nick other": 1, "/since 0": 1, "/quit": 1, strings.Repeat("x", 4000): 20,
		} {
			p := h.named("")
			p.Say("one")
			for range n {
				p.Say(ask)
			}
			people = append(people, p)
		}
		gone := h.named("")
		gone.Say("one")
		gone.Leave()
		synctest.Wait()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := h.hub.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("shutdown: %v", err)
		}
		for _, p := range append(people, gone) {
			p.off()
		}
		j.commit(history.Result{}) // nobody is there any more
		if n := h.hub.Members(); n != 0 {
			t.Errorf("%d members are left", n)
		}
	})
}

// Who waits to say more when the server ends is refused that, hears what it said before,
// and then the goodbye.
func TestShutdownAnswersWhoWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newLateJournal()
		h := &house{t, hub.New(hub.Options{Journal: j})}
		bob := h.named("bob")
		long := strings.Repeat("x", 4000)
		for range 16 {
			bob.Say(long)
		}
		synctest.Wait()
		n := j.waits() // and one more waits
		ended := make(chan error, 1)
		go func() { ended <- h.hub.Shutdown(context.Background()) }()
		var heard []string
		for len(heard) == 0 {
			runtime.Gosched()
			heard = bob.Heard()
		}
		j.commit(history.Result{})
		if err := <-ended; err != nil {
			t.Errorf("shutdown: %v", err)
		}
		heard = append(heard, bob.Heard()...)
		if len(heard) != n+2 || heard[0] != "! not said: the server is ending" ||
			heard[1] != "bob: "+long || !strings.HasPrefix(heard[n+1], "-- goodbye: the server is restarting") {
			t.Errorf("bob heard %d lines, not %d", len(heard), n+2)
		}
	})
}
