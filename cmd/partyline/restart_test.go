package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// TestRestart ends the program and starts it again on the same history: it goes on as if
// it had never been away.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	p := startProgram(t, "--data", dir)
	b := dialBot(t, "ws://"+p.http+"/ws?nick=alice")
	b.expectType(t, "welcome")
	var log []heard
	for i, text := range []string{"the first", "Füße von gestern", "the last one"} {
		log = append(log, heard{b.say(t, fmt.Sprint("key ", i), text).ID, text})
	}
	p.end(t)

	p = startProgram(t, "--data", dir)
	b = dialBot(t, fmt.Sprintf("ws://%s/ws?nick=bob&since=%d", p.http, log[0].id))
	if w := b.expectType(t, "welcome"); w.Last != log[2].id {
		t.Errorf("the newest id was %d; it is %d now", log[2].id, w.Last)
	}
	for i := range log {
		if e := b.say(t, fmt.Sprint("key ", i), "again"); e.Type != "ack" || e.ID != log[i].id {
			t.Errorf("message %d, said again, is answered with %+v", log[i].id, e)
		}
	}
	e := b.say(t, "key 3", "after it")
	if e.ID <= log[2].id {
		t.Errorf("after id %d comes %d", log[2].id, e.ID)
	}
	log = append(log, heard{e.ID, "after it"})
	b.expect(t, "what is said now", func(m event) bool { return m.Type == "message" && m.ID == e.ID })
	if got := b.messages(); !slices.Equal(got, log[1:]) {
		t.Errorf("with ?since=%d it gets %v", log[0].id, got)
	}
	for _, c := range []struct {
		request map[string]any
		want    []heard
	}{
		{map[string]any{"type": "since", "id": log[0].id}, log[1:]},
		{map[string]any{"type": "since", "id": log[1].id, "limit": 1}, log[2:3]},
		{map[string]any{"type": "history"}, log},
		{map[string]any{"type": "history", "before": log[2].id, "limit": 1}, log[1:2]},
		{map[string]any{"type": "search", "words": "fusse GEST"}, log[1:2]},
		{map[string]any{"type": "search", "words": "alice the"}, []heard{log[2], log[0]}},
	} {
		c.request["ref"] = "ref"
		b.request(t, c.request)
		var got []heard
		for _, m := range b.expect(t, "the answer", func(e event) bool { return e.Ref == "ref" }).Messages {
			got = append(got, heard{m.ID, m.Text})
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v is answered with %v, not %v", c.request, got, c.want)
		}
	}
	c := call(t, p.tcp)
	expectLines(t, c, "", "-- the last 4 messages --", "alice: the first", "alice: Füße von gestern", "alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, "/history 2", "-- the last 2 messages --", "alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, fmt.Sprint("/since ", log[1].id), fmt.Sprintf("-- 2 messages since %d --", log[1].id),
		"alice: the last one", "bob: after it", "-- live --")
	expectLines(t, c, "/search last", fmt.Sprintf(`= %d \S+ \S+ alice: the last one`, log[2].id))
}

// expectLines says a line, if any, and reads on to lines that come one right after another.
func expectLines(t *testing.T, c *caller, line string, patterns ...string) {
	t.Helper()
	if line != "" {
		c.say(t, line)
	}
	expectLine(t, c.out, patterns[0])
	for _, want := range patterns[1:] {
		got, err := c.out.await(func(string) bool { return true })
		if err != nil || !regexp.MustCompile("^(?:"+want+")$").MatchString(got) {
			t.Fatalf("after %q comes %q, not %q (%v)", line, got, want, err)
		}
	}
}

// TestOtherHistory comes back to a program that has lost its history, or another one's,
// with an id that it never gave: that is told, and not passed over.
func TestOtherHistory(t *testing.T) {
	p := startProgram(t, "--data", t.TempDir())
	old := dialBot(t, "ws://"+p.http+"/ws").say(t, "key", "said there").ID
	p.end(t)
	p = startProgram(t, "--data", t.TempDir())
	first := dialBot(t, "ws://"+p.http+"/ws").say(t, "key", "said here")
	for name, since := range map[string]int64{"older": old, "newer": first.ID + 1_000_000_000_000} {
		t.Run(name, func(t *testing.T) {
			b := dialBot(t, fmt.Sprintf("ws://%s/ws?since=%d", p.http, since))
			gap := b.expectType(t, "gap")
			if gap.After != since || gap.Before != first.ID || !gap.Lost {
				t.Errorf("with since=%d it is told %+v; the first message here is %d", since, gap, first.ID)
			}
			b.expect(t, "what there is", func(e event) bool { return e.Type == "message" && e.ID == first.ID })
		})
	}
}

// TestEndUnderLoad ends the program while four say what they can and two take nothing:
// everybody else hears all that is stored, and is told goodbye, in time.
func TestEndUnderLoad(t *testing.T) {
	const drain = 3 * time.Second
	dir := t.TempDir()
	p := startProgram(t, "--data", dir, "--rate", "0", "--history", "1000000", "--drain", drain.String())
	freeze(t, p)
	listeners := []*bot{dialTCPBot(t, p.tcp), dialBot(t, "ws://"+p.http+"/ws")}
	for _, b := range listeners {
		b.expectType(t, "welcome")
	}
	senders := newSenders(4)
	going := talkTogether(t, p, senders)
	if !eventually(func() bool { return going.acks.Load() >= 200 }) {
		t.Fatalf("%d acks came", going.acks.Load())
	}
	going.broken.Store(true)
	began := time.Now()
	p.end(t)
	if took := time.Since(began); took > drain+slack {
		t.Errorf("it ended after %v", took)
	}
	going.Wait()

	talk := func(log []heard) []heard {
		return slices.DeleteFunc(log, func(h heard) bool { return !strings.HasPrefix(h.text, "@m") })
	}
	stored := talk(onDisk(t, dir, "lobby"))
	checkSaid(t, stored, senders)
	for _, b := range listeners {
		b.out.rest(t)
		if got := talk(b.messages()); !slices.Equal(got, stored) {
			t.Errorf("it heard another log than is stored: %s", difference(got, stored))
		}
		last := b.out.all[len(b.out.all)-1]
		if last.Type != "bye" || last.Reason != "shutdown" || !last.Reconnect {
			t.Errorf("the last that it hears is %+v", last)
		}
	}
	listeners[1].expectClose(t, websocket.StatusServiceRestart)
	t.Logf("%d messages are stored and heard", len(stored))
}
