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

// TestOrder has senders over both transports send 100,000 messages in all. Ten readers, over both
// transports and in both formats, receive each message once, in the same order, and in the order
// of its sender.
func TestOrder(t *testing.T) {
	const senders, readers, window = 20, 10, 50
	total := 100_000
	if testing.Short() {
		total = 10_000
	}
	s := harness.StartServer(t, nil)

	var logs [readers]*harness.Recorder
	var reading, sending sync.WaitGroup
	for i := range readers {
		logs[i] = harness.DialRecorder(t, s, i%2 == 1, i%4 >= 2)
	}
	for i := range readers {
		reading.Go(func() {
			logs[i].ReadUntil(t, harness.Counter("@m"), total)
		})
	}
	for i := range senders {
		sender := harness.DialRecorder(t, s, i%2 == 1, i%4 >= 2)
		sender.Discard = true
		sending.Go(func() {
			name := fmt.Sprintf("@m%02d ", i)
			count := harness.Counter(name)
			for k := range total / senders {
				// It receives its own messages too. At most window of them are in transit.
				if !sender.ReadUntil(t, count, k-window+1) {
					return
				}
				sender.Say(t, fmt.Sprint(name, k))
			}
			sender.ReadUntil(t, count, total/senders)
		})
	}
	sending.Wait()
	reading.Wait()

	var order []harness.Message // messages of the first reader in JSON, with ids
	for i, r := range logs {
		if r.JSON {
			order = r.Messages(t)
			harness.CheckOnceInOrder(t, fmt.Sprintf("reader %d", i), order, senders, total)
			break
		}
	}
	for i, r := range logs {
		got := r.Messages(t)
		if !slices.EqualFunc(got, order, func(a, b harness.Message) bool {
			return a.Text == b.Text && (a.ID == b.ID || !r.JSON)
		}) {
			t.Errorf("reader %d (WebSocket %v, JSON %v) received %d messages in another order", i, r.WS, r.JSON, len(got))
		}
	}
}

// TestSlowReader has one member of 201, or of 51 in short mode, stop reading while the others send
// messages. The others receive all messages in the meantime. When the member reads again, it
// receives every message or a gap with the exact number of missed messages, and /since returns the
// missed messages.
func TestSlowReader(t *testing.T) {
	const total, logging = 1600, 20
	senders := 200
	if testing.Short() {
		senders = 50
	}
	each := total / senders
	s := harness.StartServer(t, func(c *app.Config) { c.History.Messages = total })

	slow := harness.DialRecorder(t, s, false, false)
	others := make([]*harness.Recorder, senders)
	for i := range others {
		others[i] = harness.DialRecorder(t, s, i%2 == 1, false)
		others[i].Discard = i >= logging
	}
	padding := strings.Repeat(".", 1000)
	var sending sync.WaitGroup
	for i, r := range others {
		sending.Go(func() {
			for k := range each {
				r.Say(t, fmt.Sprintf("@m%03d %d %s@e", i, k, padding))
			}
			r.ReadUntil(t, harness.Counter("@e"), total)
		})
	}
	sending.Wait() // the others did not wait for the slow reader, which has not read yet

	const end = "the end@e"
	slow.Say(t, end)
	slow.ReadUntil(t, harness.Counter(end+"\n"), 1)
	order := others[0].Messages(t)
	for i, r := range others[:logging] {
		if got := r.Messages(t); !slices.Equal(got, order) || len(got) != total {
			t.Errorf("sender %d received %d messages, or in another order", i, len(got))
		}
	}
	order = append(order, harness.Message{Text: end})
	next, gaps, since := 0, 0, ""
	for _, m := range slow.Messages(t) {
		missed := 0
		if n, _ := fmt.Sscanf(m.Text, "-- %d messages missed; /since %s shows them --", &missed, &since); n == 2 {
			next += missed
			gaps++
			continue
		}
		if next > total || m.Text != order[next].Text {
			t.Fatalf("the slow reader received %.20q, want message %d", m.Text, next)
		}
		next++
	}
	if next != total+1 || gaps == 0 {
		t.Fatalf("the slow reader accounts for %d of %d messages, with %d gaps", next, total, gaps)
	}

	slow.Log = nil
	slow.Say(t, "/since "+since)
	slow.ReadUntil(t, harness.Counter("-- live --\n"), 1)
	again := slow.Messages(t)
	rest := again[1 : len(again)-1]
	if want := fmt.Sprintf("-- %d messages since %s --", len(rest), since); again[0].Text != want {
		t.Errorf("the answer to /since starts with %q, want %q", again[0].Text, want)
	}
	if !slices.Equal(rest, order[len(order)-len(rest):]) {
		t.Error("the answer to /since differs from the messages that the others received")
	}
}
