package chat

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestOrder has talkers over both transports say 100,000 messages in all. Ten readers, over both
// transports and in both formats, receive each message once, in the same order, and in the order
// of its talker.
func TestOrder(t *testing.T) {
	const talkers, readers, window = 20, 10, 50
	total := 100_000
	if testing.Short() {
		total = 10_000
	}
	s := harness.StartServer(t, nil)

	var logs [readers]*harness.Raw
	var reading, talking sync.WaitGroup
	for i := range readers {
		logs[i] = harness.DialRaw(t, s, i%2 == 1, i%4 >= 2)
	}
	for i := range readers {
		reading.Go(func() {
			logs[i].ReadUntil(t, harness.Counter("@m"), total)
		})
	}
	for i := range talkers {
		talker := harness.DialRaw(t, s, i%2 == 1, i%4 >= 2)
		talker.Discard = true
		talking.Go(func() {
			name := fmt.Sprintf("@m%02d ", i)
			count := harness.Counter(name)
			for k := range total / talkers {
				// It receives its own messages too, and has at most window of them under way.
				if !talker.ReadUntil(t, count, k-window+1) {
					return
				}
				talker.Say(t, fmt.Sprint(name, k))
			}
			talker.ReadUntil(t, count, total/talkers)
		})
	}
	talking.Wait()
	reading.Wait()

	var order []harness.Message // of the first reader in JSON, ids and all
	for i, r := range logs {
		if r.JSON {
			order = r.Events(t)
			harness.CheckTalkers(t, fmt.Sprintf("reader %d", i), order, talkers, total)
			break
		}
	}
	for i, r := range logs {
		got := r.Events(t)
		if !slices.EqualFunc(got, order, func(a, b harness.Message) bool {
			return a.Text == b.Text && (a.ID == b.ID || !r.JSON)
		}) {
			t.Errorf("reader %d (WebSocket %v, JSON %v) heard %d messages in another order", i, r.WS, r.JSON, len(got))
		}
	}
}

// TestSlowReader has one member of 201 stop reading while the others talk. Their logs are
// whole while it still sleeps; when it reads again, it finds every message, or a gap that
// names exactly what it missed, and /since brings the rest.
func TestSlowReader(t *testing.T) {
	const talkers, each, logging = 200, 8, 20
	const total = talkers * each
	s := harness.StartServer(t, func(c *app.Config) { c.History.Messages = total })

	slow := harness.DialRaw(t, s, false, false)
	crowd := make([]*harness.Raw, talkers)
	for i := range crowd {
		crowd[i] = harness.DialRaw(t, s, i%2 == 1, false)
		crowd[i].Discard = i >= logging
	}
	padding := strings.Repeat(".", 1000)
	var talking sync.WaitGroup
	for i, r := range crowd {
		talking.Go(func() {
			for k := range each {
				r.Say(t, fmt.Sprintf("@m%03d %d %s@e", i, k, padding))
			}
			r.ReadUntil(t, harness.Counter("@e"), total)
		})
	}
	talking.Wait() // the others did not wait for the slow reader, which has not read yet

	const end = "the end@e"
	slow.Say(t, end)
	slow.ReadUntil(t, harness.Counter(end+"\n"), 1)
	order := crowd[0].Events(t)
	for i, r := range crowd[:logging] {
		if got := r.Events(t); !slices.Equal(got, order) || len(got) != total {
			t.Errorf("talker %d heard %d messages, or in another order", i, len(got))
		}
	}
	order = append(order, harness.Message{Text: end})
	next, gaps, since := 0, 0, ""
	for _, h := range slow.Events(t) {
		missed := 0
		if n, _ := fmt.Sscanf(h.Text, "-- %d messages missed; /since %s shows them --", &missed, &since); n == 2 {
			next += missed
			gaps++
			continue
		}
		if next > total || h.Text != order[next].Text {
			t.Fatalf("the slow one heard %.20q in the place of message %d", h.Text, next)
		}
		next++
	}
	if next != total+1 || gaps == 0 {
		t.Fatalf("the slow one knows of %d messages of %d, with %d gaps", next, total, gaps)
	}

	slow.Log = nil
	slow.Say(t, "/since "+since)
	slow.ReadUntil(t, harness.Counter("-- live --\n"), 1)
	again := slow.Events(t)
	rest := again[1 : len(again)-1]
	if want := fmt.Sprintf("-- %d messages since %s --", len(rest), since); again[0].Text != want {
		t.Errorf("since begins with %q, want %q", again[0].Text, want)
	}
	if !slices.Equal(rest, order[len(order)-len(rest):]) {
		t.Error("since brings other messages than the others heard")
	}
}
