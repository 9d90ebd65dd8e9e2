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

// In text each line of a result starts with its id and time, newest first. The last line says
// if there are older results.
func TestSearchInText(t *testing.T) {
	withHub(t, hub.Options{Replay: -1}, func(h *testHub) { // the clock of a bubble starts in 2000
		alice, bot := h.named("alice"), h.bot("bot")
		say := func(p *client, line string) int64 {
			p.send(line)
			events := bot.events()
			return events[len(events)-1].ID
		}
		eats := say(alice, "/me eats pizza")
		time.Sleep(90 * time.Minute)
		two := say(bot, `{"type":"say","text":"pizza\non Friday"}`)
		for i := range 19 {
			say(alice, fmt.Sprint("noise ", i))
		}
		alice.Received()
		alice.send("/search PIZZA", "/search pizza fri", "/search alice eats", "/serach", "/search pizza\x07", "/search noise 18")
		alice.expect(
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
		alice.Received()
		alice.send("/search noise")
		if got := alice.Received(); len(got) != 20 || !strings.HasSuffix(got[0], " alice: noise 19") {
			t.Errorf("alice received %q", got)
		}
		say(alice, "noise 20")
		alice.Received()
		alice.send("/search noise")
		if got := alice.Received(); len(got) != 21 || got[20] != "= there are older ones: more words find them" ||
			!strings.HasSuffix(got[19], " alice: noise 1") {
			t.Errorf("alice received %q", got)
		}
	})
}

// In JSON the id of the oldest result is the start of the next page.
func TestSearchInPages(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bot := h.bot("bot")
		for i := range 100 {
			bot.send(fmt.Sprintf(`{"type":"say","text":"%d %s"}`, i, strings.Repeat("x ", i%2)))
		}
		bot.Received()
		next, before := 99, ""
		for more := true; more; {
			bot.send(`{"type":"search","words":"x","limit":7,"ref":"r"` + before + `}`)
			page := bot.events()
			if len(page) != 1 || page[0].Type != "search" || page[0].Ref != "r" || len(page[0].Messages) == 0 || len(page[0].Messages) > 7 {
				t.Fatalf("after %d: %+v", next, page)
			}
			for _, m := range page[0].Messages {
				if !strings.HasPrefix(m.Text, fmt.Sprint(next, " ")) {
					t.Fatalf("message %q comes, want %d", m.Text, next)
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
			bot.send(`{"type":"search","ref":"r",` + request + `}`)
			if e := bot.events(); len(e) != 1 || e[0].Code != code || e[0].Ref != "r" || len(e[0].Messages) > 0 {
				t.Errorf("%.40s: %+v", request, e)
			}
		}
	})
}

// An answer stays within its size limit, and says that there are more results.
func TestSearchAnswerSizeLimit(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bot := h.bot("bot")
		for range 100 {
			bot.send(fmt.Sprintf(`{"type":"say","text":%q}`, "x "+strings.Repeat(`"`, 2000)))
		}
		bot.Received()
		bot.send(`{"type":"search","words":"x","limit":100}`)
		line := bot.Received()[0]
		var e event
		unmarshal(t, line, &e)
		if len(line) > 60<<10 || !e.More || len(e.Messages) < 10 {
			t.Errorf("%d bytes with %d messages, more %v", len(line), len(e.Messages), e.More)
		}
	})
}

// A search is a costly request.
func TestSearchIsPaced(t *testing.T) {
	withHub(t, pacedOptions, func(h *testHub) {
		alice := h.named("alice")
		for range 30 {
			alice.Say("/search x")
		}
		synctest.Wait()
		answers := 0
		for _, line := range alice.Received() {
			if line == "= no messages" {
				answers++
			}
		}
		if answers != 9 {
			t.Errorf("%d answers at once", answers)
		}
	})
}

// If the journal is not a Searcher, each search gets an error.
func TestNoSearch(t *testing.T) {
	journal := struct{ history.Journal }{history.NewMemory(history.Retention{Messages: 10})}
	withHub(t, hub.Options{Journal: journal}, func(h *testHub) {
		alice := h.named("alice")
		alice.Received()
		alice.send("hello", "/search hello")
		alice.expect("alice: hello", "! this server has no search")
		bot := h.bot("bot")
		bot.send(`{"type":"search","words":"hello","ref":"a"}`)
		events := bot.events()
		if e := events[len(events)-1]; e.Type != "error" || e.Code != "unavailable" || e.Ref != "a" {
			t.Errorf("the answer is %+v", e)
		}
	})
}

func TestSearch(t *testing.T) {
	withHub(t, hub.Options{Replay: -1}, func(h *testHub) {
		alice, bot := h.named("alice"), h.bot("bot")
		bot.send(`{"type":"say","text":"Pizza\non Friday"}`)
		alice.send("no pizza here", "/me eats")
		alice.Received()
		bot.Received()
		alice.send("/search pizza", "/search pizza fri", "/search nothing", "/search --", "/search")
		got := alice.Received()
		for i, line := range got {
			got[i] = strings.Join(strings.Fields(line), " ")
		}
		ends := []string{
			"alice: no pizza here", "bot: Pizza", "bot: on Friday", "bot: Pizza", "bot: on Friday",
			"= no messages", "! there is no word to search for", "! usage: /search WORDS",
		}
		if len(got) != len(ends) {
			t.Fatalf("alice received\n%s", strings.Join(got, "\n"))
		}
		for i, end := range ends {
			if !strings.HasSuffix(got[i], end) {
				t.Errorf("line %d is %q", i, got[i])
			}
		}
		bot.send(`{"type":"search","words":"pizza","limit":1,"ref":"a"}`)
		first := bot.events()
		if len(first) != 1 || first[0].Type != "search" || !first[0].More || len(first[0].Messages) != 1 || first[0].Messages[0].From != "alice" {
			t.Fatalf("found %+v", first)
		}
		bot.send(fmt.Sprintf(`{"type":"search","words":"PIZZA","before":%d}`, first[0].Messages[0].ID))
		second := bot.events()
		if len(second) != 1 || second[0].More || len(second[0].Messages) != 1 || second[0].Messages[0].Text != "Pizza\non Friday" {
			t.Fatalf("found %+v", second)
		}
	})
}
