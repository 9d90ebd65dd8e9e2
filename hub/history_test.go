package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub"
	"partyline/hub/history"
	"partyline/hub/wire"
)

func unmarshal(t *testing.T, line string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), v); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
}

// event is what tests read of any JSON event.
type event struct {
	Type, Ref, Key, Code, Text, Nick, From string
	ID, After, Before, Last                int64
	Missed                                 *int64
	Lost, More                             bool
	Messages                               []event
	Count, Arrived, Left                   int
}

func (p *person) events() []event {
	p.h.Helper()
	synctest.Wait()
	var events []event
	for _, line := range p.Heard() {
		var e event
		unmarshal(p.h.T, line, &e)
		events = append(events, e)
	}
	return events
}

func (h *house) bot(nick string) *person {
	h.Helper()
	return h.call(hub.Caller{Nick: nick, Format: wire.JSON})
}

func TestNewcomersInTextGetTheLastMessages(t *testing.T) {
	inHouse(t, hub.Options{Replay: 2}, func(h *house) {
		alice := h.named("alice")
		alice.say("one", "/me two", "three")
		bob := h.connect(hub.Caller{Nick: "bob", Room: "no room", Since: "x"})
		bob.hears(
			"* You are bob in #lobby, with alice (2 here). /help lists the commands.",
			"! not a room: take 1 to 64 of a-z, 0-9, _ and -",
			"! since is not an id",
			"-- the last 2 messages --",
			"~ alice two",
			"alice: three",
			"-- live --",
		)
		bob.say("/history 1", "/join ops", "/history", "/join lobby")
		bob.hears(
			"-- the last 1 messages --",
			"alice: three",
			"-- live --",
			"* You are bob in #ops, alone (1 here). /help lists the commands.",
			"= no messages",
			"* You are bob in #lobby, with alice (2 here). /help lists the commands.",
			"-- the last 2 messages --",
			"~ alice two",
			"alice: three",
			"-- live --",
		)
	})
}

func TestAKeyIsSaidOnce(t *testing.T) {
	inHouse(t, hub.Options{Journal: history.NewMemory(history.Retention{Messages: 2})}, func(h *house) {
		bot := h.bot("bot")
		say := func(ref, key string) event {
			bot.say(fmt.Sprintf(`{"type":"say","text":"x","ref":%q,"key":%q}`, ref, key))
			var ack event
			for _, e := range bot.events() {
				if e.Type == "ack" {
					ack = e
				}
			}
			if ack.Ref != ref || ack.Key != key {
				t.Fatalf("ack %+v for %s %s", ack, ref, key)
			}
			return ack
		}
		first := say("a", "k")
		if again := say("b", "k"); again.ID != first.ID {
			t.Errorf("said again as %d, first %d", again.ID, first.ID)
		}
		say("c", "l")
		say("d", "m")
		time.Sleep(9 * time.Minute) // k's message has left history, its key has not
		if again := say("e", "k"); again.ID != first.ID {
			t.Errorf("after 9 minutes: said again as %d, first %d", again.ID, first.ID)
		}
		time.Sleep(time.Minute)
		if again := say("f", "k"); again.ID <= first.ID {
			t.Errorf("after 10 minutes: %d, first %d", again.ID, first.ID)
		}
	})
}

func TestHistoryInPages(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		bot := h.bot("bot")
		for i := range 120 {
			bot.say(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		ids := map[string]int64{}
		for _, e := range bot.events() {
			ids[e.Text] = e.ID
		}
		ask := func(request string) event {
			bot.say(request)
			events := bot.events()
			if len(events) != 1 || events[0].Type != "history" || events[0].Ref != "r" {
				t.Fatalf("%s: %+v", request, events)
			}
			return events[0]
		}
		check := func(request string, first, n int, more bool) {
			e := ask(request)
			if len(e.Messages) != n || e.More != more {
				t.Errorf("%s: %d messages, more %v; want %d, %v", request, len(e.Messages), e.More, n, more)
				return
			}
			for i, m := range e.Messages {
				if m.Text != fmt.Sprint(first+i) || m.Type != "message" {
					t.Errorf("%s: message %d is %+v", request, i, m)
				}
			}
		}
		check(`{"type":"history","ref":"r"}`, 70, 50, true)
		check(`{"type":"history","ref":"r","limit":5000}`, 0, 120, false)
		check(fmt.Sprintf(`{"type":"history","ref":"r","before":%d,"limit":4}`, ids["3"]), 0, 3, false)
		check(fmt.Sprintf(`{"type":"history","ref":"r","before":%d,"limit":3}`, ids["10"]), 7, 3, true)
		check(fmt.Sprintf(`{"type":"since","ref":"r","id":%d}`, ids["100"]), 101, 19, false)
		check(fmt.Sprintf(`{"type":"since","ref":"r","id":%d,"limit":7}`, ids["100"]), 101, 7, true)
		check(fmt.Sprintf(`{"type":"since","ref":"r","id":%d}`, ids["119"]), 0, 0, false)
	})
}

func TestAnAnswerIsBounded(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		bot := h.bot("bot")
		for range 100 {
			bot.say(fmt.Sprintf(`{"type":"say","text":%q}`, strings.Repeat(`"`, 2000)))
		}
		bot.Heard()
		bot.say(`{"type":"history","ref":"r","limit":100}`)
		line := bot.Heard()[0]
		if len(line) > 60<<10 {
			t.Errorf("answer of %d bytes", len(line))
		}
		var e event
		unmarshal(t, line, &e)
		if !e.More || len(e.Messages) < 10 {
			t.Errorf("%d messages, more %v", len(e.Messages), e.More)
		}
	})
}

// Who comes back with the id it had last gets what it missed and then live events, nothing
// twice and nothing left out.
func TestResume(t *testing.T) {
	inHouse(t, hub.Options{Journal: history.NewMemory(history.Retention{Messages: 50})}, func(h *house) {
		alice := h.bot("alice")
		alice.say(`{"type":"say","text":"0"}`)
		last := alice.events()[0].ID
		for i := 1; i <= 10; i++ {
			alice.say(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		bob := h.connect(hub.Caller{Nick: "bob", Format: wire.JSON, Since: fmt.Sprint(last)})
		alice.say(`{"type":"say","text":"11"}`)
		got := bob.events()
		if got[0].Type != "welcome" || got[0].Last < last+10 { // bob comes while 11 is said
			t.Errorf("first comes %+v", got[0])
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
			alice.say(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		late := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(last)}).events()
		if g := late[1]; g.Type != "gap" || g.After != last || *g.Missed != 50 || g.Before != late[2].ID || !g.Lost {
			t.Errorf("late: %+v", g)
		}
		if len(late) != 52 || late[2].Text != "51" {
			t.Errorf("late: %d events, from %q", len(late), late[2].Text)
		}

		unknown := h.connect(hub.Caller{Format: wire.JSON, Since: fmt.Sprint(last + 1000)}).events()
		if g := unknown[1]; g.Type != "gap" || g.After != last+1000 || g.Missed != nil || g.Before != unknown[2].ID {
			t.Errorf("unknown: %+v", g)
		}
		if len(unknown) != 52 {
			t.Errorf("unknown: %d events", len(unknown))
		}

		person := h.connect(hub.Caller{Nick: "carol", Since: fmt.Sprint(last + 98)})
		synctest.Wait()
		want := []string{fmt.Sprintf("-- 2 messages since %d --", last+98), "alice: 99", "alice: 100", "-- live --"}
		if got := person.Heard()[1:]; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("in text: %q, want %q", got, want)
		}
	})
}

// TestResumeElsewhere: a client comes with an id that this server does not know, to a room
// that has no message, and then one and two.
func TestResumeElsewhere(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
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
			alice.say(`{"type":"say","text":"hello"}`)
			ids = append(ids, alice.events()[0].ID)
		}
	})
}
