package chat

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
)

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

// TestPausedReader has a client stop reading for 3 seconds while another client sends a megabyte. The first
// client misses no message and is not disconnected.
func TestPausedReader(t *testing.T) {
	harness.SkipIfShort(t)
	for _, size := range []int{100, 1000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			s := harness.StartServer(t, nil)
			reader, sender := harness.Dial(t, s.TCP), harness.DialText(t, s.TCP)
			harness.ExpectLine(t, sender.Out, harness.WelcomeLine)
			lines := bufio.NewReader(reader)
			if _, err := lines.ReadString('\n'); err != nil { // the welcome
				t.Fatal(err)
			}
			n := 1_000_000 / size
			var burst bytes.Buffer
			for i := range n {
				fmt.Fprintf(&burst, "%0*d\n", size-1, i)
			}
			sender.Say(t, "here it comes")
			if _, err := sender.Conn.Write(burst.Bytes()); err != nil {
				t.Fatal(err)
			}
			sender.Say(t, "that was it")
			harness.ExpectLine(t, sender.Out, `\S+: that was it`)
			time.Sleep(3 * time.Second) // the pause under test
			reader.SetReadDeadline(time.Now().Add(harness.Patience))
			for next := 0; ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatalf("after %d lines: %v", next, err)
				}
				_, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
				switch {
				case text == "that was it":
					if next != n {
						t.Errorf("%d of %d lines arrived", next, n)
					}
					return
				case text == fmt.Sprintf("%0*d", size-1, next):
					next++
				case strings.HasPrefix(line, "--"):
					t.Fatalf("after %d lines: %s", next, line)
				}
			}
		})
	}
}
