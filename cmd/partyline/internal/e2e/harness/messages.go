package harness

import (
	"fmt"
	"testing"
)

// Message is a message that a client received. Without JSON the ID is 0.
type Message struct {
	ID   int64
	Text string
}

// Difference describes the first difference of two lists of messages.
func Difference(got, want []Message) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	return fmt.Sprintf("%d messages and %d; after %d: %v and %v", len(got), len(want), i,
		got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
}

// CheckTalkers checks that log has total messages "@mTALKER N": those of each talker with N from
// 0, and all with growing ids.
func CheckTalkers(t *testing.T, who string, log []Message, talkers, total int) {
	t.Helper()
	if len(log) != total {
		t.Fatalf("%s heard %d messages of %d", who, len(log), total)
	}
	next := make([]int, talkers)
	last := int64(0)
	for _, m := range log {
		var talker, k int
		if _, err := fmt.Sscanf(m.Text, "@m%d %d", &talker, &k); err != nil {
			t.Fatalf("%s heard %q", who, m.Text)
		}
		if k != next[talker] {
			t.Fatalf("%s heard %q in the place of %d", who, m.Text, next[talker])
		}
		next[talker]++
		if m.ID <= last {
			t.Fatalf("%s heard id %d after %d", who, m.ID, last)
		}
		last = m.ID
	}
}
