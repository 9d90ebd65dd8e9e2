package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
)

// In text each line of what is found has the id and the time before it, newest first; the
// last line tells of older ones.
func TestSearchInText(t *testing.T) {
	inHouse(t, hub.Options{Replay: -1}, func(h *house) { // a bubble's clock begins in 2000
		alice, bot := h.named("alice"), h.bot("bot")
		say := func(p *person, line string) int64 {
			p.say(line)
			events := bot.events()
			return events[len(events)-1].ID
		}
		eats := say(alice, "/me eats pizza")
		time.Sleep(90 * time.Minute)
		two := say(bot, `{"type":"say","text":"pizza\non Friday"}`)
		for i := range 19 {
			say(alice, fmt.Sprint("noise ", i))
		}
		alice.Heard()
		alice.say("/search PIZZA", "/search pizza fri", "/search alice eats", "/serach", "/search pizza\x07", "/search noise 18")
		alice.hears(
			fmt.Sprintf("= %d 2000-01-01 01:30 bot: pizza", two),
			fmt.Sprintf("= %d 2000-01-01 01:30 bot: on Friday", two),
			fmt.Sprintf("= %d 2000-01-01 00:00 ~ alice eats pizza", eats),
			fmt.Sprintf("= %d 2000-01-01 01:30 bot: pizza", two),
			fmt.Sprintf("= %d 2000-01-01 01:30 bot: on Friday", two),
			fmt.Sprintf("= %d 2000-01-01 00:00 ~ alice eats pizza", eats),
			"! unknown command /serach: /help lists the commands, //serach says it, /verbatim says all that follows as it is",
			"= no messages",
			fmt.Sprintf("= %d 2000-01-01 01:30 alice: noise 18", two+19),
		)
		say(alice, "noise 19")
		alice.Heard()
		alice.say("/search noise")
		if got := alice.Heard(); len(got) != 20 || !strings.HasSuffix(got[0], " alice: noise 19") {
			t.Errorf("alice is told %q", got)
		}
		say(alice, "noise 20")
		alice.Heard()
		alice.say("/search noise")
		if got := alice.Heard(); len(got) != 21 || got[20] != "= there are older ones: more words find them" ||
			!strings.HasSuffix(got[19], " alice: noise 1") {
			t.Errorf("alice is told %q", got)
		}
	})
}

// In JSON one goes on with the last id that was found.
func TestSearchInPages(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		bot := h.bot("bot")
		for i := range 100 {
			bot.say(fmt.Sprintf(`{"type":"say","text":"%d %s"}`, i, strings.Repeat("x ", i%2)))
		}
		bot.Heard()
		next, before := 99, ""
		for more := true; more; {
			bot.say(`{"type":"search","words":"x","limit":7,"ref":"r"` + before + `}`)
			page := bot.events()
			if len(page) != 1 || page[0].Type != "search" || page[0].Ref != "r" || len(page[0].Messages) == 0 || len(page[0].Messages) > 7 {
				t.Fatalf("behind %d: %+v", next, page)
			}
			for _, m := range page[0].Messages {
				if !strings.HasPrefix(m.Text, fmt.Sprint(next, " ")) {
					t.Fatalf("%q comes in the place of %d", m.Text, next)
				}
				next -= 2
				before = fmt.Sprintf(`,"before":%d`, m.ID)
			}
			more = page[0].More
		}
		if next != -1 {
			t.Errorf("the search ends before %d", next)
		}
		tooLong := `"words":"` + strings.Repeat("x", 4097) + `"`
		for request, code := range map[string]string{
			`"words":"-- "`:          "bad_request",
			`"words":""`:             "bad_request",
			tooLong:                  "line_too_long",
			`"words":"\u0007"`:       "",
			`"words":"x","before":1`: "",
		} {
			bot.say(`{"type":"search","ref":"r",` + request + `}`)
			if e := bot.events(); len(e) != 1 || e[0].Code != code || e[0].Ref != "r" || len(e[0].Messages) > 0 {
				t.Errorf("%.40s: %+v", request, e)
			}
		}
	})
}

// An answer stays within its bound, and says that there is more.
func TestALargeSearch(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		bot := h.bot("bot")
		for range 100 {
			bot.say(fmt.Sprintf(`{"type":"say","text":%q}`, "x "+strings.Repeat(`"`, 2000)))
		}
		bot.Heard()
		bot.say(`{"type":"search","words":"x","limit":100}`)
		line := bot.Heard()[0]
		var e event
		unmarshal(t, line, &e)
		if len(line) > 60<<10 || !e.More || len(e.Messages) < 10 {
			t.Errorf("%d bytes with %d messages, more %v", len(line), len(e.Messages), e.More)
		}
	})
}

// To search is a favour, of which there are fewer.
func TestSearchIsPaced(t *testing.T) {
	inHouse(t, atRate, func(h *house) {
		alice := h.named("alice")
		for range 30 {
			alice.Say("/search x")
		}
		synctest.Wait()
		answers := 0
		for _, line := range alice.Heard() {
			if line == "= no messages" {
				answers++
			}
		}
		if answers != 9 {
			t.Errorf("%d answers at once", answers)
		}
	})
}

// A member whose hub's journal is no Searcher gets an error for each search.
func TestNoSearch(t *testing.T) {
	journal := struct{ history.Journal }{history.NewMemory(history.Retention{Messages: 10})}
	inHouse(t, hub.Options{Journal: journal}, func(h *house) {
		alice := h.named("alice")
		alice.Heard()
		alice.say("hello", "/search hello")
		alice.hears("alice: hello", "! this server has no search")
		bot := h.bot("bot")
		bot.say(`{"type":"search","words":"hello","ref":"a"}`)
		events := bot.events()
		if e := events[len(events)-1]; e.Type != "error" || e.Code != "unavailable" || e.Ref != "a" {
			t.Errorf("a search is answered with %+v", e)
		}
	})
}
