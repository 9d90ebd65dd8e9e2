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
	o := new(queue)
	for _, p := range []struct {
		text string
		at   int64
	}{{"a", 10}, {"b", 10}, {"c", 20}, {"d", 15}, {"e", 30}} {
		o.put(plainCodec{}, &wire.Answer{Lines: []string{p.text}}, p.at)
	}
	o.put(plainCodec{}, &wire.Ack{}, 40) // which has no text
	return o
}

// show formats parts with their positions.
func show(parts []part) string {
	var s string
	for _, p := range parts {
		s += fmt.Sprintf("[%d: %q]", p.at, p.frames)
	}
	return s
}

func checkParts(t *testing.T, got []part, want ...part) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b part) bool { return a.at == b.at && string(a.frames) == string(b.frames) }) {
		t.Errorf("%s, want %s", show(got), show(want))
	}
}

var (
	partA = part{10, []byte("= a\n= b\n")}
	partC = part{20, []byte("= c\n= d\n")}
	partE = part{30, []byte("= e\n")}
)

func TestQueue(t *testing.T) {
	o := filledQueue()
	checkParts(t, o.parts, partA, partC, partE)
	if n := o.size(); n != 20 {
		t.Errorf("the queue has %d bytes", n)
	}
	o.advance(4)
	checkParts(t, o.parts, part{10, []byte("= b\n")}, partC, partE)
	o.advance(4)
	checkParts(t, o.parts, partC, partE)
	o.advance(8)
	o.advance(4)
	if !o.empty() || o.size() != 0 || o.parts != nil {
		t.Errorf("after the last advance, %s is left", show(o.parts))
	}
	o.unpin()
	if !o.empty() {
		t.Errorf("after unpin, an empty queue has %s", show(o.parts))
	}
}

// After unpin, all parts are due at once, in their order.
func TestQueueUnpin(t *testing.T) {
	o := filledQueue()
	o.unpin()
	checkParts(t, o.parts, part{0, []byte("= a\n= b\n= c\n= d\n= e\n")})
}

// TestQueueCutAfter cuts a queue at the positions of its parts, between them, and outside of
// them.
func TestQueueCutAfter(t *testing.T) {
	all := []part{partA, partC, partE}
	for at, first := range map[int64]int{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 29: 2, 30: 3, 99: 3} {
		o := filledQueue()
		later := o.cutAfter(at)
		checkParts(t, o.parts, all[:first]...)
		checkParts(t, later, all[first:]...)
	}
}
