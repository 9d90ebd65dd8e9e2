package screen

import (
	"context"
	"fmt"
	"testing"
	"time"

	"partyline/client"
)

// TestShows checks which members a room shows, and would show to leave.
func TestShows(t *testing.T) {
	members := func(n int) (all []client.Member) {
		for i := range n {
			all = append(all, client.Member{Nick: fmt.Sprint("bob", i)})
		}
		return all
	}
	welcome := func(listed, count int) *client.Welcome {
		return &client.Welcome{Nick: "alice", Occupants: members(listed), Count: count}
	}
	for name, c := range map[string]struct {
		events []client.Event
		want   bool
	}{
		"small":        {[]client.Event{welcome(99, 99)}, true},
		"large":        {[]client.Event{welcome(100, 100)}, false},
		"incomplete":   {[]client.Event{welcome(20, 30)}, false},
		"grows":        {[]client.Event{welcome(99, 99), &client.Joined{Nick: "carol"}}, false},
		"was large":    {[]client.Event{welcome(99, 99), &client.Presence{Left: 1, Count: 50}}, false},
		"gap":          {[]client.Event{welcome(9, 9), &client.Gap{}}, false},
		"back":         {[]client.Event{welcome(9, 9), &client.Gap{}, welcome(9, 9)}, true},
		"left":         {[]client.Event{welcome(9, 9), &client.Left{Nick: "bob1"}}, false},
		"another left": {[]client.Event{welcome(9, 9), &client.Left{Nick: "bob2"}}, true},
		"disconnected": {[]client.Event{welcome(9, 9), &client.Disconnected{Err: context.Canceled}}, false},
	} {
		r := &room{speakers: make(map[string]int)}
		for _, e := range c.events {
			r.note(e, time.Now())
		}
		if got := r.shows("BOB1"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
