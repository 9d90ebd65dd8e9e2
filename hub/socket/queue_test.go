package socket

import "testing"

// TestQueue records what a kernel holds for a peer, which needs 700 bytes for each write of 100.
func TestQueue(t *testing.T) {
	var q queue
	for i, u := range []struct {
		now, written int
		reads        uint64 // afterwards
	}{
		{0, 0, 0},
		{700, 100, 0}, // a write
		{1400, 100, 0},
		{1400, 0, 0}, // nothing happens
		{700, 0, 1},  // the peer reads the first
		{700, 0, 1},
		{700, 100, 2}, // another write, while the peer reads the second
		{0, 0, 3},
		{0, 0, 3},
		{0, 100, 4}, // the peer reads at once
	} {
		q.update(u.now, u.written)
		if q.reads != u.reads || q.bytes != u.now {
			t.Fatalf("after update %d the queue is %+v, want %d reads", i, q, u.reads)
		}
	}
}
