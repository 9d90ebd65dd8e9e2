package transcript

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"

	"partyline/client"
)

var update = flag.Bool("update", false, "write testdata/*.golden")

// A clock is the time of a scene.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 11, 26, 17, 20, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

// scene adds two days of a room to a View or a Printer.
func scene(c *clock, add func(client.Event)) {
	id := int64(1041)
	say := func(from, text string) {
		c.at = c.at.Add(20 * time.Second)
		id++
		add(&client.Message{ID: id, At: c.at, From: from, Text: text})
	}
	say("bob", "Morning. The new gateway is deployed at ten: please keep an eye on the latency while it rolls out, and shout if it looks odd.")
	say("bob", "Runbook: https://wiki.example.com/operations/gateway/deploy-runbook?section=rollback#step-3.")
	say("carol", "ok")
	say("李雷", "好的，我会看着延迟图表。如果有什么异常，我马上告诉你们。这条消息比较长，需要换行显示（当然）。")
	say("alice", "thanks both 🎉")
	c.at = c.at.Add(time.Minute)
	add(&client.Joined{At: c.at, Nick: "dave"})
	add(&client.Joined{At: c.at, Nick: "erin"})
	add(&client.Left{At: c.at, Nick: "carol", Text: "lunch"})
	say("שרה", "שלום עולם, how is it going?")
	say("a-very-long-name-of-thirty-two-c", "hello @alice, can you look at this? Alice: malice aforethought, alice-bot")
	id++
	add(&client.Message{ID: id, At: c.at, From: "bob", Text: "waves at alice", Action: true})
	add(&client.Private{At: c.at, From: "bob", To: "alice", Text: "psst, between us"})
	add(&client.Private{At: c.at, From: "alice", To: "bob", Text: "yes?", Sent: true})
	add(&client.Gap{After: id, Missed: 57, Lost: true})
	add(&client.Notice{Code: "paced", Message: "you are being slowed: 10 lines a second"})
	add(&client.Error{Code: "nick_taken", Message: "bob is taken"})
	c.at = c.at.Add(9 * time.Hour)
	say("erin", "good morning, family 👩‍👩‍👧‍👦, flags 🇨🇭🇯🇵, a heart ❤️, e\u0301 and a name: Ａｌｉｃｅ")
	say("erin", "code:\n\tif x {\n\t    return \"a_very_long_line_without_a_space_that_is_longer_than_any_of_the_narrow_screens_can_show\"\n\t}")
	add(&client.Disconnected{Err: errors.New("connection reset by peer")})
	add(&client.Disconnected{Err: errors.New("connection refused")})
	add(&client.Welcome{Room: "ops", Nick: "alice", Count: 4, Last: id + 1})
	say("dave", "you missed this")
	say("dave", "and you did not miss this")
}

func TestGolden(t *testing.T) {
	for _, width := range []int{40, 80, 200} {
		v := scenery(Style{})
		golden(t, fmt.Sprintf("room-%d", width), v.Lines(width, 60))
	}
	for name, style := range map[string]Style{
		"truecolor": {Profile: colorprofile.TrueColor},
		"light":     {Profile: colorprofile.TrueColor, Light: true},
		"256":       {Profile: colorprofile.ANSI256},
		"16":        {Profile: colorprofile.ANSI},
		"none":      {Profile: colorprofile.ASCII},
	} {
		v := scenery(style)
		golden(t, "styles-"+name, visible(v.Lines(80, 44)))
	}
}

// scenery returns a View of the scene, and of what the reader does.
func scenery(s Style) *View {
	c := newClock()
	v := New(Options{Nick: "alice", Zone: time.UTC, Now: c.now, Style: s})
	v.SetReading(true)
	v.Add(&client.Welcome{Room: "ops", Nick: "alice", Count: 3, Occupants: []client.Member{{Nick: "alice"}, {Nick: "bob"}, {Nick: "carol"}}})
	scene(c, v.Add)
	v.AddLine(Answer, "alice, bob, dave and erin")
	v.AddLine(Notice, "the server is old:\nno search")
	v.Add(&client.Disconnected{Err: errors.New("no route to host")})
	v.Say("1", "is this thing on?", false)
	v.Say("2", "waits", true)
	v.Say("3", "refused", false)
	v.Failed("3", "line too long")
	return v
}

func TestGoldenConversation(t *testing.T) {
	v := New(Options{Kind: Conversation, Nick: "alice", Zone: time.UTC, Now: func() time.Time { return noon }})
	v.Add(&client.Private{At: noon, From: "bob", To: "alice", Text: "psst, alice"})
	v.Add(&client.Private{At: noon, From: "bob", To: "alice", Text: "between us"})
	v.Add(&client.Private{At: noon.Add(time.Hour), From: "alice", To: "bob", Text: "yes?", Sent: true})
	v.Tell("1", "bob", "are you there?")
	golden(t, "conversation", v.Lines(80, 6))
}

func TestGoldenResults(t *testing.T) {
	v := New(Options{
		Kind: Results, Nick: "alice", Words: "pizza fri", Zone: time.UTC, Now: func() time.Time { return noon },
		Style: Style{Profile: colorprofile.TrueColor},
	})
	v.Add(&client.Message{ID: 9, At: noon, From: "bob", Text: "Pizza on Friday? Pizza!"})
	v.Add(&client.Message{ID: 8, At: noon.Add(-time.Second), From: "bob", Text: "the pizzas were frightful, minipizza"})
	v.Add(&client.Message{ID: 3, At: noon.AddDate(-1, 0, 0), From: "alice", Text: "no pizza, afri-cola"})
	v.Choose(1)
	v.Choose(1)
	golden(t, "results", visible(v.Lines(80, 6)))
}

func TestGoldenPrinter(t *testing.T) {
	c := newClock()
	p := NewPrinter(Options{Nick: "alice", Zone: time.UTC, Now: c.now})
	lines := p.Line(Notice, "#ops", 80)
	scene(c, func(e client.Event) { lines = append(lines, p.Event(e, 80)...) })
	golden(t, "printer", plain(lines))
}

// golden compares lines with testdata/name.golden.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	if !strings.HasPrefix(name, "styles") && name != "results" {
		lines = plain(lines)
	}
	got := strings.Join(lines, "\n") + "\n"
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it. The lines are:\n%s", file, got)
	}
}

// visible makes the escape sequences of lines visible.
func visible(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.ReplaceAll(line, "\x1b", "␛"))
	}
	return all
}
