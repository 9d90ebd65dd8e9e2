package harness

import (
	"fmt"
	"testing"
)

// Message is a message that a client received. The ID is 0 if the client's format is text.
type Message struct {
	ID   int64
	Text string
}

// Difference describes the first difference between two lists of messages.
func Difference(got, want []Message) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("got %d messages, want %d; from index %d: got %v, want %v", len(got), len(want), i,
		got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
}

// CheckOnceInOrder checks that log has the messages of several senders, total in all, each of them once and in
// the order of its sender. Their texts are "@mSENDER N", with SENDER and N counted from 0. The ids must increase.
// name is the name of the log in failure messages.
func CheckOnceInOrder(t *testing.T, name string, log []Message, senders, total int) {
	t.Helper()
	if len(log) != total {
		t.Fatalf("%s has %d messages of %d", name, len(log), total)
	}
	next := make([]int, senders)
	last := int64(0)
	for _, m := range log {
		var sender, n int
		if _, err := fmt.Sscanf(m.Text, "@m%d %d", &sender, &n); err != nil {
			t.Fatalf("%s has %q", name, m.Text)
		}
		if n != next[sender] {
			t.Fatalf("%s has %q, want number %d", name, m.Text, next[sender])
		}
		next[sender]++
		if m.ID <= last {
			t.Fatalf("%s has id %d after %d", name, m.ID, last)
		}
		last = m.ID
	}
}
