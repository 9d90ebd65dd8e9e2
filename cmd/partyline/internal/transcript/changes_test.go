package transcript

import (
	"fmt"
	"strings"
	"testing"

	"partyline/client"
)

func TestChanges(t *testing.T) {
	for _, test := range []struct{ moves, want string }{
		{"+alice", "alice arrived"},
		{"+alice +bob", "alice and bob arrived"},
		{"+alice +bob -carol", "alice and bob arrived, carol left"},
		{"+alice -alice", "alice came and left"},
		{"-alice +alice", "alice came back"},
		{"-alice +alice -alice", "alice left"},
		{"+alice -alice +alice", "alice arrived"},
		{"-carol(lunch) -bob", "bob left, carol left (lunch)"},
		{"-carol(lunch) +carol", "carol came back"},
		{"alice>ally ally>al", "alice is now known as al"},
		{"+guest guest>alice", "alice arrived"},
		{"+guest guest>alice alice>ally -ally", "ally came and left"},
		{"-alice +alice alice>ally", "alice came back, alice is now known as ally"},
		{"+a +b +c +d +e +f +g +h", "a, b, c, d, e, f, g and h arrived"},
		{"+a +b +c +d +e +f +g +h +i", "a, b, c, d, e, f, g and 2 others arrived"},
		{"-bob(" + strings.Repeat("é", 50) + ")", "bob left (" + strings.Repeat("é", 41) + "…)"},
		{"#42/17/1203", "42 arrived, 17 left (1203 here)"},
		{"#1/2/100 #3/4/99", "4 arrived, 6 left (99 here)"},
		{"#0/0/7", "0 arrived, 0 left (7 here)"},
	} {
		v := newRoom(Options{})
		for move := range strings.FieldsSeq(test.moves) {
			v.Add(moveEvent(move))
		}
		if len(v.entries) != 1 {
			t.Fatalf("%s: %d entries, want 1", test.moves, len(v.entries))
		}
		if got := v.entries[0].changes.sentence(); got != test.want {
			t.Errorf("%s: %s, want %s", test.moves, got, test.want)
		}
	}
}

// moveEvent returns the event for +name, -name, -name(text), name>name or #arrived/left/here.
func moveEvent(move string) client.Event {
	name, text, _ := strings.Cut(strings.TrimSuffix(move[1:], ")"), "(")
	switch move[0] {
	case '+':
		return &client.Joined{At: noon, Nick: name}
	case '-':
		return &client.Left{At: noon, Nick: name, Text: text}
	case '#':
		e := &client.Presence{At: noon}
		fmt.Sscanf(move, "#%d/%d/%d", &e.Arrived, &e.Left, &e.Count)
		return e
	}
	from, to, _ := strings.Cut(move, ">")
	return &client.Renamed{At: noon, Nick: from, To: to}
}

// TestChangesEnd adds moves that are not shown with the ones before them.
func TestChangesEnd(t *testing.T) {
	v := newRoom(Options{})
	v.Add(&client.Joined{At: noon, Nick: "alice"})
	v.Add(&client.Joined{At: noon.AddDate(0, 0, 1), Nick: "next day"})
	v.Add(&client.Joined{At: noon.AddDate(0, 0, 1), Nick: "same day"})
	v.Add(message(1))
	v.Add(&client.Joined{At: noon, Nick: "after a message"})
	if len(v.entries) != 4 {
		t.Errorf("%d entries, want 4", len(v.entries))
	}
	v = newRoom(Options{})
	for i := range maxChanges + 1 {
		v.Add(&client.Joined{At: noon, Nick: fmt.Sprint(i)})
	}
	if len(v.entries) != 2 {
		t.Errorf("%d entries for %d joins, want 2", len(v.entries), maxChanges+1)
	}
}
