package screen

import (
	"strings"
	"testing"

	"partyline/client"
	"partyline/hub"
	"partyline/hub/history"
)

// TestReopen checks what a program shows that starts with several rooms, in which the user has missed messages.
func TestReopen(t *testing.T) {
	address := startServer(t)
	var read []int64
	for _, room := range []string{"ops", "dev", "lobby"} {
		bob := dial(t, address, client.Options{Nick: "bob-in-" + room, Room: room})
		ids := say(t, bob, "read in "+room, "missed in "+room, "missed too")
		read = append(read, ids[0])
	}
	var rooms []string
	var shown string
	positions := make(map[string]int64)
	alice := newDriver(t, address, client.Options{Nick: "alice", Since: read[2]}, Options{
		Rooms: []Place{{"ops", read[0]}, {"lobby", 0}, {"OPS", 0}, {"empty", client.All}, {"dev", client.All}},
		Open:  func(open []string, first string) { rooms, shown = open, first },
		Read:  func(room string, id int64) { positions[room] = id },
	})
	saved := func(want string) {
		t.Helper()
		alice.update(ticked{})
		if got := strings.Join(rooms, " ") + ", " + shown; got != want {
			t.Errorf("the open rooms are %s, want %s", got, want)
		}
	}
	saved("ops lobby empty dev, lobby")
	alice.status(" #lobby", "1:#ops 2", "3:#empty", "4:#dev 3")
	check := func(room, before string) {
		t.Helper()
		alice.status(" #"+room, "connected")
		alice.await("the separator", func(screen string) bool {
			from, to := strings.Index(screen, before), strings.Index(screen, "missed in "+room)
			return from >= 0 && to > from && strings.Contains(screen[from:to], "── new")
		})
	}
	check("lobby", "read in lobby")
	alice.keys("<alt+1>")
	check("ops", "read in ops")
	alice.keys("<alt+4>")
	alice.see("read in dev", "missed in dev")
	saved("ops lobby empty dev, dev")
	alice.keys("/msg bob-in-dev<enter>")
	saved("ops lobby empty dev, dev")
	for room, want := range map[string]bool{"ops": true, "lobby": true, "empty": false, "dev": true} {
		if id, ok := positions[room]; !ok || id > 0 != want {
			t.Errorf("in %s message %d is read", room, id)
		}
	}
	alice.keys("<alt+4>/close<enter>")
	saved("ops lobby empty, ops")
}

// TestReopenElsewhere checks that a room that the program was not in the last time comes after the others.
func TestReopenElsewhere(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice", Room: "new"}, Options{Rooms: []Place{{"ops", 0}, {"lobby", 0}}})
	alice.status(" #new", "1:#ops", "2:#lobby")
	alice.keys("<alt+1>")
	alice.status(" #ops", "connected", "1 member")
}

// TestReopenRefused checks that rooms that can't be opened do not hinder the others. One that may be open later stays.
func TestReopenRefused(t *testing.T) {
	o := hub.Options{Journal: history.NewMemory(history.Retention{Messages: 1000})}
	o.Limits.Rooms = 2
	s := startHub(t, "127.0.0.1:0", o)
	bob := dial(t, s.address, client.Options{Room: "ops"})
	read := say(t, bob, "read", "missed")
	alice := newDriver(t, s.address, client.Options{Nick: "alice"}, Options{
		Rooms: []Place{{"not a room", 0}, {"third", client.All}, {"lobby", 0}, {"ops", read[0]}},
	})
	alice.see("#not a room can't be opened: ", "#third can't be opened: there are too many rooms")
	alice.status(" #lobby", "1:#third", "3:#ops 1")
	if n := strings.Count(alice.screen(), "can't be opened"); n != 2 {
		t.Errorf("there are %d lines", n)
	}
	alice.keys("<alt+1>")
	alice.status(" #third", "ended")
	alice.see("/join third tries again")
	bob.Close()
	alice.keys("<alt+3>/close<enter>")
	alice.status(" #third")
	alice.await("the room", func(screen string) bool {
		if alice.m.view().room.state == closed {
			alice.keys("/join third<enter>")
		}
		return alice.m.view().room.state == connected
	})
}
