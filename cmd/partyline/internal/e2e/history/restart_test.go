package history

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestRestart ends the program and starts it again on the same history. All messages, ids and keys
// are the same as before.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir)
	b := harness.DialBot(t, "ws://"+p.HTTP+"/ws?nick=alice")
	b.ExpectType(t, "welcome")
	var log []harness.Message
	for i, text := range []string{"the first", "Füße von gestern", "the last one"} {
		log = append(log, harness.Message{ID: b.Say(t, fmt.Sprint("key ", i), text).ID, Text: text})
	}
	p.Stop(t)

	p = harness.StartProgram(t, "--data", dir)
	b = harness.DialBot(t, fmt.Sprintf("ws://%s/ws?nick=bob&since=%d", p.HTTP, log[0].ID))
	if w := b.ExpectType(t, "welcome"); w.Last != log[2].ID {
		t.Errorf("the newest id is %d after the restart, want %d", w.Last, log[2].ID)
	}
	for i := range log {
		if e := b.Say(t, fmt.Sprint("key ", i), "again"); e.Type != "ack" || e.ID != log[i].ID {
			t.Errorf("message %d, sent again: got %+v", log[i].ID, e)
		}
	}
	e := b.Say(t, "key 3", "after it")
	if e.ID <= log[2].ID {
		t.Errorf("a new message after id %d gets id %d", log[2].ID, e.ID)
	}
	log = append(log, harness.Message{ID: e.ID, Text: "after it"})
	b.Expect(t, "the new message", func(m harness.Event) bool { return m.Type == "message" && m.ID == e.ID })
	if got := b.Messages(); !slices.Equal(got, log[1:]) {
		t.Errorf("with ?since=%d the client receives %v", log[0].ID, got)
	}
	for _, c := range []struct {
		request map[string]any
		want    []harness.Message
	}{
		{map[string]any{"type": "since", "id": log[0].ID}, log[1:]},
		{map[string]any{"type": "since", "id": log[1].ID, "limit": 1}, log[2:3]},
		{map[string]any{"type": "history"}, log},
		{map[string]any{"type": "history", "before": log[2].ID, "limit": 1}, log[1:2]},
		{map[string]any{"type": "search", "words": "fusse GEST"}, log[1:2]},
		{map[string]any{"type": "search", "words": "alice the"}, []harness.Message{log[2], log[0]}},
	} {
		c.request["ref"] = "ref"
		b.Request(t, c.request)
		var got []harness.Message
		for _, m := range b.Expect(t, "the answer", func(e harness.Event) bool { return e.Ref == "ref" }).Messages {
			got = append(got, harness.Message{ID: m.ID, Text: m.Text})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.request, got, c.want)
		}
	}
	c := harness.DialText(t, p.TCP)
	expectLines(t, c, "", "-- the last 4 messages --", "alice: the first", "alice: Füße von gestern", "alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, "/history 2", "-- the last 2 messages --", "alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, fmt.Sprint("/since ", log[1].ID), fmt.Sprintf("-- 2 messages since %d --", log[1].ID),
		"alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, "/search last", fmt.Sprintf(`= %d \S+ \S+ alice: the last one`, log[2].ID))
}

// expectLines sends a line, if it is not empty, and reads up to lines that match the patterns
// and directly follow each other.
func expectLines(t *testing.T, c *harness.TextClient, line string, patterns ...string) {
	t.Helper()
	if line != "" {
		c.Say(t, line)
	}
	harness.ExpectLine(t, c.Out, patterns[0])
	for _, want := range patterns[1:] {
		got, err := c.Out.Await(func(string) bool { return true })
		if err != nil || !regexp.MustCompile("^(?:"+want+")$").MatchString(got) {
			t.Fatalf("after %q: got %q, want %q (%v)", line, got, want, err)
		}
	}
}

// TestResumeFromOtherHistory resumes with an id that is not from the program's history. The client receives
// a gap.
func TestResumeFromOtherHistory(t *testing.T) {
	t.Parallel()
	p := harness.StartProgram(t, "--data", t.TempDir())
	old := harness.DialBot(t, "ws://"+p.HTTP+"/ws").Say(t, "key", "said there").ID
	p.Stop(t)
	p = harness.StartProgram(t, "--data", t.TempDir())
	first := harness.DialBot(t, "ws://"+p.HTTP+"/ws").Say(t, "key", "said here")
	for name, since := range map[string]int64{"older": old, "newer": first.ID + 1_000_000_000_000} {
		t.Run(name, func(t *testing.T) {
			b := harness.DialBot(t, fmt.Sprintf("ws://%s/ws?since=%d", p.HTTP, since))
			gap := b.ExpectType(t, "gap")
			if gap.After != since || gap.Before != first.ID || !gap.Lost {
				t.Errorf("with since=%d: got %+v; the first message is %d", since, gap, first.ID)
			}
			b.Expect(t, "the first message", func(e harness.Event) bool { return e.Type == "message" && e.ID == first.ID })
		})
	}
}

// TestEndUnderLoad ends the program while four clients send messages and two do not read. The
// other clients receive all stored messages and a goodbye before the drain times out.
func TestEndUnderLoad(t *testing.T) {
	harness.SkipIfShort(t)
	const drain = 3 * time.Second
	dir := t.TempDir()
	p := harness.StartProgram(t, "--data", dir, "--rate", "0", "--history", "1000000", "--drain", drain.String())
	harness.DialFrozen(t, p)
	listeners := []*harness.Bot{harness.DialTCPBot(t, p.TCP), harness.DialBot(t, "ws://"+p.HTTP+"/ws")}
	for _, b := range listeners {
		b.ExpectType(t, "welcome")
	}
	senders := newSenders(4)
	running := startSenders(t, p, senders)
	if !harness.Eventually(func() bool { return running.acks.Load() >= 200 }) {
		t.Fatalf("%d acks arrived", running.acks.Load())
	}
	running.expectEnd.Store(true)
	start := time.Now()
	p.Stop(t)
	if took := time.Since(start); took > drain+harness.Slack {
		t.Errorf("the program ended after %v", took)
	}
	running.Wait()

	fromSenders := func(log []harness.Message) []harness.Message {
		return slices.DeleteFunc(log, func(m harness.Message) bool { return !strings.HasPrefix(m.Text, "@m") })
	}
	stored := fromSenders(onDisk(t, dir, "lobby"))
	checkStored(t, stored, senders)
	for _, b := range listeners {
		b.Out.Rest(t)
		if got := fromSenders(b.Messages()); !slices.Equal(got, stored) {
			t.Errorf("the received messages differ from the stored ones: %s", harness.Difference(got, stored))
		}
		all := b.Out.All()
		last := all[len(all)-1]
		if last.Type != "bye" || last.Reason != "shutdown" || !last.Reconnect {
			t.Errorf("the last event is %+v", last)
		}
	}
	listeners[1].ExpectClose(t, websocket.StatusServiceRestart)
	t.Logf("%d messages are stored and received", len(stored))
}
