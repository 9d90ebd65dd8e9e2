package screen

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
)

// TestPeerNotShown checks what else makes a peer doubtful, besides that it leaves.
func TestPeerNotShown(t *testing.T) {
	for name, c := range map[string]struct {
		lose func(alice *driver, bob *client.Client)
		line string // the doubt; "" if there is none before a message is held
	}{
		"large room": {func(alice *driver, _ *client.Client) {
			alice.update(batch{arrived{alice.m.views[0].room.connection, &client.Presence{Left: 1, Count: 2}}})
		}, "no room of yours would show that bob leaves" + doubtLine},
		"gap": {func(alice *driver, _ *client.Client) {
			alice.update(batch{arrived{alice.m.views[0].room.connection, &client.Gap{}}})
		}, "no room of yours would show that bob leaves" + doubtLine},
		"outage": {func(alice *driver, _ *client.Client) {
			alice.update(batch{arrived{alice.m.views[0].room.connection, &client.Disconnected{Err: context.Canceled}}})
		}, "no room of yours would show that bob leaves" + doubtLine},
		"pause": {func(alice *driver, bob *client.Client) {
			alice.update(batch{arrived{alice.m.views[0].room.connection, &client.Presence{Left: 1, Count: 2}}})
			alice.keys("again<enter>again<enter>")
			alice.await("the answer", func(string) bool { return len(alice.m.unanswered) == 0 && count(alice, "again") > 1 })
			alice.gone("> again")
			alice.m.now = func() time.Time { return time.Now().Add(time.Hour) }
		}, ""},
		"message after a pause": {func(alice *driver, bob *client.Client) {
			alice.update(batch{arrived{alice.m.views[0].room.connection, &client.Presence{Left: 1, Count: 2}}})
			alice.keys("again<enter>again<enter>")
			alice.await("the answer", func(string) bool { return len(alice.m.unanswered) == 0 })
			alice.m.now = func() time.Time { return time.Now().Add(time.Hour) }
			if err := bob.Tell(context.Background(), "alice", "it is me"); err != nil {
				t.Error(err)
			}
			alice.see("it is me")
		}, "after a pause" + doubtLine},
	} {
		t.Run(name, func(t *testing.T) {
			address := startServer(t)
			bob := dial(t, address, client.Options{Nick: "bob"})
			alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
			alice.status("2 members")
			alice.keys("/msg bob psst<enter>")
			alice.await("the answer", func(string) bool { return len(alice.m.unanswered) == 0 })
			c.lose(alice, bob)
			alice.await(c.line, func(string) bool { return count(alice, c.line) > 0 })
			held := count(alice, holdLine)
			alice.keys("my secret<enter>")
			alice.see("> my secret")
			if n := count(alice, holdLine); n != held+1 {
				t.Errorf("the message is not held:\n%s", alice.screen())
			}
			alice.keys("<enter>")
			alice.gone("> my secret")
			alice.keys("and another<enter>")
			if offline := alice.m.views[0].room.state == disconnected; offline != strings.HasSuffix(alice.screen(), "> and another") {
				t.Errorf("offline: %v; the screen is:\n%s", offline, alice.screen())
			}
		})
	}
}

// TestHeldAfterOutage confirms a message while the connection is broken. Until there is another connection, the name may
// get another owner: the next message is held, too.
func TestHeldAfterOutage(t *testing.T) {
	address := startServer(t)
	dial(t, address, client.Options{Nick: "bob"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("2 members")
	alice.keys("/msg bob<enter>")
	lobby := alice.m.views[0].room.connection
	alice.update(batch{arrived{lobby, &client.Disconnected{Err: context.Canceled}}})
	alice.keys("confirmed<enter><enter>")
	alice.gone("> confirmed")
	members := []client.Member{{Nick: "alice"}, {Nick: "bob"}}
	alice.update(batch{arrived{lobby, &client.Welcome{Nick: "alice", Room: "lobby", Occupants: members, Count: 2}}})
	alice.keys("my secret<enter>")
	alice.see("> my secret")
	alice.keys("<enter>")
	alice.gone("> my secret")
	alice.keys("and another<enter>")
	alice.gone("> and another")
}

// TestHeldElsewhere checks what becomes of messages that are not typed in the conversation.
func TestHeldElsewhere(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("2 members")
	alice.keys("/msg bob<enter>")
	bob.Close()
	alice.see("bob has left")
	stranger := dial(t, address, client.Options{Nick: "bob"})
	alice.see("bob arrived")

	alice.keys("<alt+1>/msg bob secret<enter>")
	alice.see("> /msg bob secret")
	alice.keys("<ctrl+u>draft<alt+1>")
	alice.m.views[1].trust = doubtful
	alice.keys("/msg bob secret<enter>")
	alice.await("the message", func(string) bool { return count(alice, holdLine+": /msg bob secret") == 1 })
	alice.see("> draft")

	alice.m.views[1].trust = doubtful
	alice.keys("<ctrl+u>")
	alice.update(tea.PasteMsg{Content: "one\ntwo\n"})
	for _, key := range []string{"l", "<enter>"} {
		alice.m.views[1].trust = doubtful
		alice.keys(key)
		alice.see("Paste 2 lines?")
	}
	alice.keys("l")
	for _, want := range []string{"one", "two"} {
		if got := nextPrivate(t, stranger); got != want {
			t.Errorf("the stranger got %q, want %q", got, want)
		}
	}
}

// TestPeerShownAfterPause enters the room of a peer after a pause: it may be another member.
func TestPeerShownAfterPause(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob", Room: "ops"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	alice.keys("/msg bob psst<enter>")
	nextPrivate(t, bob)
	alice.m.now = func() time.Time { return time.Now().Add(time.Hour) }
	alice.keys("/join ops<enter>")
	alice.status("#ops", "2 members")
	alice.keys("<alt+2>my secret<enter>")
	alice.see("> my secret")
	if n := count(alice, holdLine); n != 1 {
		t.Errorf("the message is not held:\n%s", alice.screen())
	}
}
