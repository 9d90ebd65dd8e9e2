package chat

import (
	"fmt"
	"slices"
	"sync"
	"testing"

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
				// The sender receives its own messages too. At most window messages are in flight.
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
			harness.CheckOnceInOrder(t, fmt.Sprintf("the log of reader %d", i), order, senders, total)
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
