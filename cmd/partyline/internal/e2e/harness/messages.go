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

// CheckTalkers checks that log has total messages of the form "@mTALKER N". The N of each talker must
// count up from 0, and the ids must increase. The name of the client is for failure messages.
func CheckTalkers(t *testing.T, name string, log []Message, talkers, total int) {
	t.Helper()
	if len(log) != total {
		t.Fatalf("%s received %d messages of %d", name, len(log), total)
	}
	next := make([]int, talkers)
	last := int64(0)
	for _, m := range log {
		var talker, k int
		if _, err := fmt.Sscanf(m.Text, "@m%d %d", &talker, &k); err != nil {
			t.Fatalf("%s received %q", name, m.Text)
		}
		if k != next[talker] {
			t.Fatalf("%s received %q, want number %d", name, m.Text, next[talker])
		}
		next[talker]++
		if m.ID <= last {
			t.Fatalf("%s received id %d after %d", name, m.ID, last)
		}
		last = m.ID
	}
}
