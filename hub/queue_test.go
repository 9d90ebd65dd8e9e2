package hub

import (
	"fmt"
	"slices"
	"testing"

	"partyline/hub/wire"
)

// plainCodec is a Codec of lines of text.
type plainCodec struct{}

func (plainCodec) Append(dst []byte, e wire.Event) []byte {
	if text := e.AppendText(nil); len(text) > 0 {
		return append(append(dst, text...), '\n')
	}
	return dst
}

// filledQueue returns a queue with "= a" and "= b" at position 10, "= c" at 20, "= d", put at
// 15 and so moved to 20, and "= e" at 30.
func filledQueue() *queue {
	q := new(queue)
	for _, p := range []struct {
		text string
		at   int64
	}{{"a", 10}, {"b", 10}, {"c", 20}, {"d", 15}, {"e", 30}} {
		q.put(plainCodec{}, &wire.Answer{Lines: []string{p.text}}, p.at)
	}
	q.put(plainCodec{}, &wire.Ack{}, 40) // which has no text
	return q
}

// show formats segments with their positions.
func show(segments []segment) string {
	var s string
	for _, p := range segments {
		s += fmt.Sprintf("[%d: %q]", p.at, p.frames)
	}
	return s
}

func checkSegments(t *testing.T, got []segment, want ...segment) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b segment) bool { return a.at == b.at && string(a.frames) == string(b.frames) }) {
		t.Errorf("%s, want %s", show(got), show(want))
	}
}

var (
	segmentA = segment{10, []byte("= a\n= b\n")}
	segmentC = segment{20, []byte("= c\n= d\n")}
	segmentE = segment{30, []byte("= e\n")}
)

func TestQueue(t *testing.T) {
	q := filledQueue()
	checkSegments(t, q.segments, segmentA, segmentC, segmentE)
	if n := q.size(); n != 20 {
		t.Errorf("the queue has %d bytes", n)
	}
	q.advance(4)
	checkSegments(t, q.segments, segment{10, []byte("= b\n")}, segmentC, segmentE)
	q.advance(4)
	checkSegments(t, q.segments, segmentC, segmentE)
	q.advance(8)
	q.advance(4)
	if !q.empty() || q.size() != 0 || q.segments != nil {
		t.Errorf("after the last advance, %s is left", show(q.segments))
	}
	q.unpin()
	if !q.empty() {
		t.Errorf("after unpin, an empty queue has %s", show(q.segments))
	}
}

// After unpin, all segments are due at once, in their order.
func TestQueueUnpin(t *testing.T) {
	q := filledQueue()
	q.unpin()
	checkSegments(t, q.segments, segment{0, []byte("= a\n= b\n= c\n= d\n= e\n")})
}

// TestQueueCutAfter cuts a queue at the positions of its segments, between them, and outside of
// them.
func TestQueueCutAfter(t *testing.T) {
	all := []segment{segmentA, segmentC, segmentE}
	for at, first := range map[int64]int{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 29: 2, 30: 3, 99: 3} {
		q := filledQueue()
		later := q.cutAfter(at)
		checkSegments(t, q.segments, all[:first]...)
		checkSegments(t, later, all[first:]...)
	}
}
