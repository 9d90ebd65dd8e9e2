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

// filledOutbox returns an outbox with "= a" and "= b" at place 10, "= c" at 20, "= d",
// for which 15 is asked, at 20 too, and "= e" at 30.
func filledOutbox() *outbox {
	o := new(outbox)
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

func TestOutbox(t *testing.T) {
	o := filledOutbox()
	checkParts(t, o.parts, partA, partC, partE)
	if n := o.size(); n != 20 {
		t.Errorf("it has %d bytes", n)
	}
	o.took(4)
	checkParts(t, o.parts, part{10, []byte("= b\n")}, partC, partE)
	o.took(4)
	checkParts(t, o.parts, partC, partE)
	o.took(8)
	o.took(4)
	if !o.empty() || o.size() != 0 || o.parts != nil {
		t.Errorf("when all is taken, %s is left", show(o.parts))
	}
	o.hurry()
	if !o.empty() {
		t.Errorf("an empty outbox that hurries has %s", show(o.parts))
	}
}

// TestOutboxHurry: all that waits for a place goes out, in its order.
func TestOutboxHurry(t *testing.T) {
	o := filledOutbox()
	o.hurry()
	checkParts(t, o.parts, part{0, []byte("= a\n= b\n= c\n= d\n= e\n")})
}

// TestOutboxCut parts an outbox at places between, at and around its own.
func TestOutboxCut(t *testing.T) {
	all := []part{partA, partC, partE}
	for at, first := range map[int64]int{0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 29: 2, 30: 3, 99: 3} {
		o := filledOutbox()
		later := o.cut(at)
		checkParts(t, o.parts, all[:first]...)
		checkParts(t, later, all[first:]...)
	}
}
