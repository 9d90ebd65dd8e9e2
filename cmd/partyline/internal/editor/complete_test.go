package editor

import (
	"slices"
	"testing"
)

var candidates = Candidates{
	Names:    []string{"alice", "Bob", "albert", "björn", "Alina"},
	Rooms:    []string{"ops", "lobby", "ops-west"},
	Commands: []string{"msg", "me", "join", "help"},
}

// TestComplete presses Tab several times. In a text, | is the cursor.
func TestComplete(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string // after each Tab
	}{
		{"bo|", []string{"Bob: |", "Bob: alice |"}},
		{"BJÖ|", []string{"björn: |"}},
		{"hi bo|", []string{"hi Bob |"}},
		{"bo| hello", []string{"Bob:| hello"}},
		{"hi bo| and", []string{"hi Bob| and"}},
		{"hi bo|, and", []string{"hi Bob |, and"}},
		{"one\nbo|", []string{"one\nBob |"}},
		{"x|", []string{"x|", "x|"}},

		// several candidates
		{"a|", []string{"al|", "alice: |", "albert: |", "Alina: |", "alice: |"}},
		{"al|", []string{"alice: |", "albert: |"}},
		{"AL|", []string{"alice: |"}},
		{"ali|", []string{"alice: |", "Alina: |", "alice: |"}},
		{"hi b| and", []string{"hi Bob| and", "hi björn| and"}},
		{"|", []string{"alice: |", "Bob: |", "albert: |", "björn: |", "Alina: |", "alice: |"}},

		// rooms
		{"#o|", []string{"#ops|", "#ops |", "#ops-west |", "#ops |"}},
		{"see #L|", []string{"see #lobby |"}},
		{"/join l|", []string{"/join #lobby |"}},
		{"/JOIN #o|", []string{"/JOIN #ops|"}},
		{"/join |", []string{"/join #ops |", "/join #lobby |"}},
		{"/join  l|", []string{"/join  #lobby |"}},
		{"/join ops a|", []string{"/join ops al|"}},

		// commands
		{"/j|", []string{"/join |"}},
		{"/m|", []string{"/msg |", "/me |"}},
		{"/|", []string{"/msg |", "/me |", "/join |", "/help |", "/msg |"}},
		{"/msg bo|", []string{"/msg Bob |"}},
		{"/msg bob al|", []string{"/msg bob alice |"}},
		{"/me hugs al|", []string{"/me hugs alice |"}},
		{"say /j|", []string{"say /j|"}},
		{"//j|", []string{"//j|"}},
	} {
		l := lineOf(test.text)
		var c Completion
		for i, want := range test.want {
			if c.Next(l, candidates); show(l) != want {
				t.Errorf("%q after %d: %q, want %q", test.text, i+1, show(l), want)
				break
			}
		}
	}
}

// TestCompletePrevious checks the opposite order, and that a change of the line starts a new completion.
func TestCompletePrevious(t *testing.T) {
	l := lineOf("hey al|")
	var c Completion
	for _, want := range []string{"hey Alina |", "hey albert |", "hey alice |", "hey Alina |"} {
		if c.Previous(l, candidates); show(l) != want {
			t.Fatalf("%q, want %q", show(l), want)
		}
	}
	c.Next(l, candidates)
	l.Insert("and b")
	if words, _ := c.Shown(l); words != nil {
		t.Errorf("shown after a change: %q", words)
	}
	if c.Next(l, candidates); show(l) != "hey alice and Bob |" {
		t.Errorf("%q", show(l))
	}
}

func TestCompleteShown(t *testing.T) {
	l := lineOf("a|")
	var c Completion
	check := func(want []string, wantSelected int) {
		t.Helper()
		if words, selected := c.Shown(l); !slices.Equal(words, want) || selected != wantSelected {
			t.Errorf("%q, %d; want %q, %d", words, selected, want, wantSelected)
		}
	}
	check(nil, -1)
	c.Next(l, candidates)
	check([]string{"alice", "albert", "Alina"}, -1)
	c.Next(l, candidates)
	check([]string{"alice", "albert", "Alina"}, 0)
	c.Previous(l, candidates)
	check([]string{"alice", "albert", "Alina"}, 2)
	l.Left()
	check(nil, -1)
	l = lineOf("bo|")
	c.Next(l, candidates)
	check(nil, -1)
}

// TestCompleteUndo checks that Undo takes a completion back.
func TestCompleteUndo(t *testing.T) {
	l := lineOf("hi bo|")
	new(Completion).Next(l, candidates)
	if l.Undo(); show(l) != "hi bo|" {
		t.Errorf("%q", show(l))
	}
}
