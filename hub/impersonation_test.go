package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"partyline/hub"
	"partyline/hub/clean"
	"partyline/hub/wire"
)

func TestConfusableNamesAreOneName(t *testing.T) {
	withHub(t, hub.Options{}, func(h *testHub) {
		alice, mallory := h.named("alice"), h.named("mallory")
		alice.Received()
		mallory.send("/nick a1ice", "/nick AL1CE", "/nick аӏісе", "/nick Aliсe", "/nick rnallory")
		mallory.expect("! a1ice is taken", "! AL1CE is taken", "! аӏісе is taken",
			"! not a name: take the letters of one script", "* mallory is now known as rnallory")
		alice.send("/nick Alíce", "/nick bob")
		alice.Received()
		mallory.send("/nick aIice") // the name and its confusables are free again
		mallory.expect("* alice is now known as Alíce", "* Alíce is now known as bob", "* rnallory is now known as aIice")
		alice.send("/nick alice", "/msg alice psst", "/msg AIICE psst", "/nick ВОВ", "/nick вов")
		alice.expect("* rnallory is now known as aIice", "! alice is taken",
			"! nobody here is called alice", // a confusable name does not receive private messages
			"you -> aIice: psst", "* bob is now known as ВОВ", "* ВОВ is now known as вов")
		mallory.send("/nick bob")
		alice.send("/quit")
		mallory.send("/nick bob")
		mallory.expect("bob -> you: psst", "* bob is now known as ВОВ", "* ВОВ is now known as вов",
			"! bob is taken", "* вов has left", "* aIice is now known as bob")
	})
}

// TestNothingUnsafeIsSent sends hostile text in every request, in both formats. No client
// receives any of it uncleaned, or the address of a member.
func TestNothingUnsafeIsSent(t *testing.T) {
	hostile := "\x1b[2J\u009b1m\u202e\u2066\u2028\x7f\x07a" + strings.Repeat("\u0301", 40) + "\u200d" + strings.Repeat("\u20dd", 40)
	quoted, err := json.Marshal(hostile + "\n" + hostile)
	if err != nil {
		t.Fatal(err)
	}
	const addr = "203.0.113.77:4711"
	withHub(t, hub.Options{}, func(h *testHub) {
		check := func(p *client) {
			synctest.Wait()
			for _, line := range p.Received() {
				checkSafe(t, line)
				if strings.Contains(line, "203.0.113") || strings.Contains(line, "4711") {
					t.Errorf("an address is sent: %q", line)
				}
			}
		}
		witness := h.join(hub.Caller{Nick: "witness", Addr: addr})
		machine := h.join(hub.Caller{Nick: "machine", Addr: addr, Format: wire.JSON})
		for _, format := range []wire.Format{wire.Text, wire.JSON} {
			hostileCaller := h.connect(hub.Caller{Nick: hostile, Room: hostile, Since: hostile, Addr: addr, Format: format})
			check(hostileCaller)
		}

		talker := h.connect(hub.Caller{Nick: "talker", Addr: addr})
		for _, line := range []string{
			"%s", "/me %s", "//%s", "/%s", "/%s x", "/msg machine %s", "/msg talker %s", "/msg %s hi", "/nick %s", "/nick x%s",
			"/join %s", "/who %s", "/who", "/rooms", "/history %s", "/history", "/since %s", "/since 0", "/format %s", "/help %s",
		} {
			talker.send(strings.ReplaceAll(line, "%s", hostile))
			check(talker)
		}
		bot := h.connect(hub.Caller{Nick: "bot", Addr: addr, Format: wire.JSON})
		for _, request := range []string{
			`{"type":"say","text":%s}`, `{"type":"me","text":%s}`, `{"type":"msg","to":"witness","text":%s}`,
			`{"type":"msg","to":"bot","text":%s}`, `{"type":"msg","to":%s,"text":"hi"}`, `{"type":"nick","nick":%s}`,
			`{"type":"join","room":%s}`, `{"type":%s}`, `{"type":"format","format":%s}`, `{"type":"since","id":%s}`,
			`{"type":"history","limit":%s}`, `{"type":"history"}`, `{"type":"since","id":0}`, `{"type":"who"}`, `{"type":"rooms"}`,
			`{%s:%[1]s}`, `%s`, `{"type":"say","text":"hi","ref":%s}`,
		} {
			if strings.Contains(request, "%s") {
				request = fmt.Sprintf(request, quoted)
			}
			bot.send(request)
			check(bot)
		}
		newcomer := h.connect(hub.Caller{Nick: "newcomer", Addr: addr})
		check(newcomer)
		talker.send("/quit " + hostile)
		bot.send(fmt.Sprintf(`{"type":"quit","text":%s}`, quoted))
		for _, p := range []*client{talker, bot, witness, machine, newcomer} {
			check(p)
		}
	})
}

// checkSafe checks that a received line is clean, and, in JSON, each string in it.
func checkSafe(t *testing.T, line string) {
	t.Helper()
	if clean.Text(line) != line {
		t.Errorf("%q is not clean", line)
	}
	var object any
	if json.Unmarshal([]byte(line), &object) == nil {
		checkSafeValue(t, object)
	}
}

func checkSafeValue(t *testing.T, value any) {
	t.Helper()
	switch v := value.(type) {
	case string:
		if clean.Text(v) != v {
			t.Errorf("%q is not clean", v)
		}
	case []any:
		for _, one := range v {
			checkSafeValue(t, one)
		}
	case map[string]any:
		for _, one := range v {
			checkSafeValue(t, one)
		}
	}
}
