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

// unmarshal parses a line of JSON, or ends the test.
func unmarshal(t *testing.T, line string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), v); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
}

// An event has the fields that the tests read of any JSON event.
type event struct {
	Type, Ref, Key, Code, Text, Nick, From string
	Room, Token, Reason                    string
	ID, After, Before, Last                int64
	Missed                                 *int64
	Lost, More, Resumed, Reconnect         bool
	Messages, Members, Errors              []event
	IDs                                    []int64
	Count, Arrived, Left, Index            int
	Idle                                   int64
}

// events returns the JSON events that the client has received since the last call.
func (c *client) events() []event {
	c.h.Helper()
	synctest.Wait()
	var events []event
	for _, line := range c.Received() {
		var e event
		unmarshal(c.h.T, line, &e)
		events = append(events, e)
	}
	return events
}

// bot connects a JSON client with a nick, and discards its welcome.
func (h *testHub) bot(nick string) *client {
	h.Helper()
	return h.join(hub.Caller{Nick: nick, Format: wire.JSON})
}

func TestReplayOnArrivalInText(t *testing.T) {
	withHub(t, hub.Options{Replay: 2}, func(h *testHub) {
		alice := h.named("alice")
		alice.send("one", "/me two", "three")
		bob := h.connect(hub.Caller{Nick: "bob", Room: "no room", Since: "x"})
		bob.expect(
			"* You are bob in #lobby, with alice (2 here). /help lists the commands.",
			"! not a room: take 1 to 64 of a-z, 0-9, _ and -",
			"! since is not an id",
			"-- the last 2 messages --",
			"~ alice two",
			"alice: three",
			"-- live --",
		)
		bob.send("/history 1", "/join ops", "/history", "/join lobby")
		bob.expect(
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

func TestKeyIsSaidOnce(t *testing.T) {
	withHub(t, hub.Options{Journal: history.NewMemory(history.Retention{Messages: 2})}, func(h *testHub) {
		bot := h.bot("bot")
		say := func(ref, key string) event {
			bot.send(fmt.Sprintf(`{"type":"say","text":"x","ref":%q,"key":%q}`, ref, key))
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
			t.Errorf("repeated as %d, first %d", again.ID, first.ID)
		}
		say("c", "l")
		say("d", "m")
		time.Sleep(9 * time.Minute) // history has forgotten the message of k, but not the key
		if again := say("e", "k"); again.ID != first.ID {
			t.Errorf("after 9 minutes: repeated as %d, first %d", again.ID, first.ID)
		}
		time.Sleep(time.Minute)
		if again := say("f", "k"); again.ID <= first.ID {
			t.Errorf("after 10 minutes: %d, first %d", again.ID, first.ID)
		}
	})
}

func TestHistoryPages(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bot := h.bot("bot")
		for i := range 120 {
			bot.send(fmt.Sprintf(`{"type":"say","text":"%d"}`, i))
		}
		ids := map[string]int64{}
		for _, e := range bot.events() {
			ids[e.Text] = e.ID
		}
		ask := func(request string) event {
			bot.send(request)
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

func TestHistoryAnswerSizeLimit(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		bot := h.bot("bot")
		for range 100 {
			bot.send(fmt.Sprintf(`{"type":"say","text":%q}`, strings.Repeat(`"`, 2000)))
		}
		bot.Received()
		bot.send(`{"type":"history","ref":"r","limit":100}`)
		line := bot.Received()[0]
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
