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

func TestLookalikesAreOneName(t *testing.T) {
	inHouse(t, hub.Options{}, func(h *house) {
		alice, mallory := h.named("alice"), h.named("mallory")
		alice.Heard()
		mallory.say("/nick a1ice", "/nick AL1CE", "/nick аӏісе", "/nick Aliсe", "/nick rnallory")
		mallory.hears("! a1ice is taken", "! AL1CE is taken", "! аӏісе is taken",
			"! not a name: take the letters of one script", "* mallory is now known as rnallory")
		alice.say("/nick Alíce", "/nick bob")
		alice.Heard()
		mallory.say("/nick aIice") // the name and all that looks like it are free again
		mallory.hears("* alice is now known as Alíce", "* Alíce is now known as bob", "* rnallory is now known as aIice")
		alice.say("/nick alice", "/msg alice psst", "/msg AIICE psst", "/nick ВОВ", "/nick вов")
		alice.hears("* rnallory is now known as aIice", "! alice is taken",
			"! nobody here is called alice", // a private message is not for who looks like somebody
			"you -> aIice: psst", "* bob is now known as ВОВ", "* ВОВ is now known as вов")
		mallory.say("/nick bob")
		alice.say("/quit")
		mallory.say("/nick bob")
		mallory.hears("bob -> you: psst", "* bob is now known as ВОВ", "* ВОВ is now known as вов",
			"! bob is taken", "* вов has left", "* aIice is now known as bob")
	})
}

// TestNothingUnsafeReachesAnybody brings hostile text in by every way there is, in both
// formats. Nobody is told any of it uncleaned, nor where anybody is.
func TestNothingUnsafeReachesAnybody(t *testing.T) {
	hostile := "\x1b[2J\u009b1m\u202e\u2066\u2028\x7f\x07a" + strings.Repeat("\u0301", 40) + "\u200d" + strings.Repeat("\u20dd", 40)
	quoted, err := json.Marshal(hostile + "\n" + hostile)
	if err != nil {
		t.Fatal(err)
	}
	const where = "203.0.113.77:4711"
	inHouse(t, hub.Options{}, func(h *house) {
		heard := func(p *person) {
			synctest.Wait()
			for _, line := range p.Heard() {
				checkSafe(t, line)
				if strings.Contains(line, "203.0.113") || strings.Contains(line, "4711") {
					t.Errorf("an address is told: %q", line)
				}
			}
		}
		witness := h.call(hub.Caller{Nick: "witness", Addr: where})
		machine := h.call(hub.Caller{Nick: "machine", Addr: where, Format: wire.JSON})
		for _, format := range []wire.Format{wire.Text, wire.JSON} {
			wisher := h.connect(hub.Caller{Nick: hostile, Room: hostile, Since: hostile, Addr: where, Format: format})
			heard(wisher)
		}

		talker := h.connect(hub.Caller{Nick: "talker", Addr: where})
		for _, line := range []string{
			"%s", "/me %s", "//%s", "/%s", "/%s x", "/msg machine %s", "/msg talker %s", "/msg %s hi", "/nick %s", "/nick x%s",
			"/join %s", "/who %s", "/who", "/rooms", "/history %s", "/history", "/since %s", "/since 0", "/format %s", "/help %s",
		} {
			talker.say(strings.ReplaceAll(line, "%s", hostile))
			heard(talker)
		}
		bot := h.connect(hub.Caller{Nick: "bot", Addr: where, Format: wire.JSON})
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
			bot.say(request)
			heard(bot)
		}
		late := h.connect(hub.Caller{Nick: "late", Addr: where})
		heard(late)
		talker.say("/quit " + hostile)
		bot.say(fmt.Sprintf(`{"type":"quit","text":%s}`, quoted))
		for _, p := range []*person{talker, bot, witness, machine, late} {
			heard(p)
		}
	})
}

// checkSafe: a line told to somebody is clean, and so is every string in it where it is
// JSON, whatever its escapes.
func checkSafe(t *testing.T, line string) {
	t.Helper()
	if clean.Text(line) != line {
		t.Errorf("%q is told", line)
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
			t.Errorf("%q is told", v)
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
