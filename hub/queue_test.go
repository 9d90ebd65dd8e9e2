package hub

import (
	"fmt"
	"slices"
	"testing"

	"partyline/hub/wire"
)

// plainCodec is a Codec of lines in text.
type plainCodec struct{}

func (plainCodec) Append(dst []byte, e wire.Event) []byte {
	if text := e.AppendText(nil); len(text) > 0 {
		return append(append(dst, text...), '\n')
	}
	return dst
}

// filledQueue returns a queue with "= a" and "= b" at place 10, "= c" at 20, "= d",
// for which 15 is asked, at 20 too, and "= e" at 30.
func filledQueue() *queue {
	o := new(queue)
	for _, p := range []struct {
		text string
		at   int64
	}{{"a", 10}, {"b", 10}, {"c", 20}, {"d", 15}, {"e", 30}} {
		o.put(plainCodec{}, &wire.Answer{Lines: []string{p.text}}, p.at)
	}
	o.put(plainCodec{}, &wire.Ack{}, 40) // which is nothing in text
	return o
}

// show returns parts with their places.
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
		t.Errorf("it has %d bytes", n)
	}
	o.advance(4)
	checkParts(t, o.parts, part{10, []byte("= b\n")}, partC, partE)
	o.advance(4)
	checkParts(t, o.parts, partC, partE)
	o.advance(8)
	o.advance(4)
	if !o.empty() || o.size() != 0 || o.parts != nil {
		t.Errorf("when all is taken, %s is left", show(o.parts))
	}
	o.unpin()
	if !o.empty() {
		t.Errorf("an empty queue that hurries has %s", show(o.parts))
	}
}

// TestQueueHurry: all that waits for a place goes out, in its order.
func TestQueueHurry(t *testing.T) {
	o := filledQueue()
	o.unpin()
	checkParts(t, o.parts, part{0, []byte("= a\n= b\n= c\n= d\n= e\n")})
}

// TestQueueCut parts a queue at places between, at and around its own.
func TestQueueCut(t *testing.T) {
	all := []part{partA, partC, partE}
	for at, first := range map[int64]int{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 29: 2, 30: 3, 99: 3} {
		o := filledQueue()
		later := o.cutAfter(at)
		checkParts(t, o.parts, all[:first]...)
		checkParts(t, later, all[first:]...)
	}
}
