package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestMessageList checks that a list has as many messages as fit, from the given end of what was found,
// in the order in which they were found.
func TestMessageList(t *testing.T) {
	var found []*Message
	for i := range 100 {
		found = append(found, &Message{ID: int64(i), Room: "lobby", From: "alice", Text: strings.Repeat("x", 100*i)})
	}
	huge := []*Message{{ID: 1, Text: strings.Repeat("x", MaxAnswer)}, {ID: 2, Text: strings.Repeat("x", MaxAnswer)}}
	for name, c := range map[string]struct {
		found   []*Message
		fromEnd bool
	}{
		"the first": {found, false}, "the last": {found, true},
		"all": {found[:10], false}, "all from the end": {found[:10], true},
		"one that is too long": {huge, false}, "the last that is too long": {huge, true},
		"none": {nil, false}, "none from the end": {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := NewMessageList(c.found, c.fromEnd)
			n := len(l.Messages)
			fits, rest := c.found[:n], c.found[n:]
			if c.fromEnd {
				fits, rest = c.found[len(c.found)-n:], c.found[:len(c.found)-n]
			}
			if !slices.Equal(l.Messages, fits) {
				t.Errorf("%d messages fit, and they are others", n)
			}
			var listed []struct{ ID int64 }
			if err := json.Unmarshal(l.json, &listed); err != nil {
				t.Fatal(err)
			}
			for i, m := range listed {
				if len(listed) != n || m.ID != fits[i].ID {
					t.Errorf("message %d of %d has the id %d, want %d of %d", i, len(listed), m.ID, fits[i].ID, n)
				}
			}
			if len(l.json) > MaxAnswer && n > 1 {
				t.Errorf("%d messages need %d bytes", n, len(l.json))
			}
			if len(rest) > 0 {
				next := rest[0]
				if c.fromEnd {
					next = rest[len(rest)-1]
				}
				if size := len(l.json) + len(next.AppendJSON(nil)); n == 0 || size < MaxAnswer {
					t.Errorf("one more than %d messages needs %d bytes", n, size)
				}
			}
			if !l.IsFor(c.found, c.fromEnd) || l.IsFor(c.found, !c.fromEnd) || l.IsFor(found[1:], c.fromEnd) {
				t.Error("the list is mistaken for another")
			}
		})
	}
}
