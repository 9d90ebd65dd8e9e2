package screen

import (
	"context"
	"strings"
	"testing"

	"partyline/client"
)

const (
	doubtLine = ": from now on bob may be another member"
	holdLine  = "not sent, because bob may be another member now: enter it again to send it"
)

// nextPrivate returns the text of the next private message that a client receives.
func nextPrivate(t *testing.T, c *client.Client) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		e, err := c.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := e.(*client.Private); ok && !p.Sent {
			return p.Text
		}
	}
}

// count returns how often the screen has a text, which may be on two lines.
func count(d *driver, text string) int {
	words := strings.Join(strings.Fields(d.screen()), " ")
	return strings.Count(words, text)
}

// TestStranger checks that a stranger who takes the name of a peer gets nothing until the user has confirmed it.
func TestStranger(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("2 members")
	alice.keys("/msg bob psst<enter>")
	if got := nextPrivate(t, bob); got != "psst" {
		t.Errorf("bob got %q", got)
	}
	bob.Close()
	alice.await("the doubt", func(string) bool { return count(alice, "bob has left"+doubtLine) == 1 })
	stranger := dial(t, address, client.Options{Nick: "bob"})
	if err := stranger.Tell(t.Context(), "alice", "what was it?"); err != nil {
		t.Fatal(err)
	}
	alice.see("bob arrived", "what was it?")
	alice.keys("my secret<enter>")
	alice.see("> my secret", "not sent, because bob")
	if n := len(alice.m.unanswered); n > 0 {
		t.Errorf("%d messages are on their way", n)
	}
	alice.keys("<ctrl+u>who are you?<enter>")
	alice.await("an empty line", func(screen string) bool { return strings.HasSuffix(screen, "> ") })
	alice.keys("hello<enter>")
	for _, want := range []string{"who are you?", "hello"} {
		if got := nextPrivate(t, stranger); got != want {
			t.Errorf("the stranger got %q, want %q", got, want)
		}
	}
}

// inTwoRooms returns alice, in a conversation with bob, and bob's clients in the lobby and in ops, where alice is, too.
func inTwoRooms(t *testing.T) (alice *driver, inLobby, inOps *client.Client) {
	t.Helper()
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	inOps, err := bob.Open(t.Context(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inOps.Close() })
	alice = newDriver(t, address, client.Options{Nick: "alice"}, Options{Rooms: []Place{{"ops", 0}}})
	alice.status("2 members")
	alice.keys("<alt+1>")
	alice.status("#ops", "2 members")
	alice.keys("/msg bob psst<enter>")
	return alice, bob, inOps
}

// TestPeerRenamed checks that a conversation follows a peer that takes another name, whatever happens to the old one.
func TestPeerRenamed(t *testing.T) {
	alice, bob, _ := inTwoRooms(t)
	nextPrivate(t, bob)
	if err := bob.Rename(t.Context(), "rob"); err != nil {
		t.Fatal(err)
	}
	alice.status(" rob ")
	alice.see("bob is now known as rob")
	stranger := dial(t, bob.Address(), client.Options{Nick: "bob"})
	if err := stranger.Tell(t.Context(), "alice", "hello"); err != nil {
		t.Fatal(err)
	}
	alice.status(" rob ", "4:bob 1!")
	alice.keys("still you?<enter>")
	if got := nextPrivate(t, bob); got != "still you?" {
		t.Errorf("the peer got %q", got)
	}
	if n := count(alice, "known as"); n != 1 {
		t.Errorf("%d changes of name are shown", n)
	}
}

// TestPeerTakesNameOfPeer checks that a peer that takes the name of another conversation's peer is told from it.
func TestPeerTakesNameOfPeer(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	carol := dial(t, address, client.Options{Nick: "carol"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("3 members")
	alice.keys("/msg carol psst<enter>/msg bob psst<enter>")
	nextPrivate(t, bob)
	bob.Close()
	alice.await("the doubt", func(string) bool { return count(alice, "bob has left"+doubtLine) == 1 })
	if err := carol.Rename(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	alice.see("carol is now known as bob")
	alice.keys("for bob<enter>")
	alice.see("> for bob", "not sent, because bob")
	alice.keys("<alt+2>")
	alice.status(" carol ")
	if count(alice, "carol is now known as bob: from now on carol may be another member") != 1 {
		t.Errorf("it is not said:\n%s", alice.screen())
	}
	alice.keys("for carol<enter>")
	alice.see("> for carol", "not sent, because carol")
}

// TestPeerInTwoRooms checks that a peer is followed while one room shows it.
func TestPeerInTwoRooms(t *testing.T) {
	alice, bob, inOps := inTwoRooms(t)
	bob.Close()
	alice.await("bob to leave", func(string) bool { return alice.m.views[1].room.count == 1 })
	alice.keys("still here?<enter>")
	alice.await("the answer", func(string) bool { return len(alice.m.unanswered) == 0 })
	if n := count(alice, "bob has left") + count(alice, doubtLine); n > 0 {
		t.Errorf("bob is lost:\n%s", alice.screen())
	}
	inOps.Close()
	alice.await("the doubt", func(string) bool { return count(alice, "bob has left"+doubtLine) == 1 })
}

// TestPeerAfterGap checks that a peer is followed again after arrivals and departures were missed.
func TestPeerAfterGap(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("2 members")
	alice.keys("/msg bob<enter>")
	lobby := alice.m.views[0].room
	lobby.count = 7
	alice.update(batch{arrived{lobby.connection, &client.Gap{}}})
	alice.await("the members", func(string) bool { return lobby.count == 2 })
	bob.Close()
	alice.see("bob left")
	if screen := alice.screen(); strings.Contains(screen, "2 members") {
		t.Errorf("the members were listed, but the user did not ask:\n%s", screen)
	}
}

// TestPeerUnseen checks that a conversation says at its start if nothing would show that its peer leaves.
func TestPeerUnseen(t *testing.T) {
	const unseen = "no room of yours would show that bob leaves: you will not learn here if another member takes this name"
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob", Room: "ops"})
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	if err := bob.Tell(t.Context(), "alice", "psst"); err != nil {
		t.Fatal(err)
	}
	alice.status("2:bob 1!")
	alice.keys("<alt+2>yes?<enter>")
	if got := nextPrivate(t, bob); got != "yes?" {
		t.Errorf("bob got %q", got)
	}
	if n := count(alice, unseen); n != 1 {
		t.Errorf("it is said %d times:\n%s", n, alice.screen())
	}
	alice.keys("/join ops<enter>")
	alice.status("#ops", "2 members")
	alice.keys("<alt+2>it is you<enter>")
	if got := nextPrivate(t, bob); got != "it is you" {
		t.Errorf("bob got %q", got)
	}
	alice.keys("<alt+3>/close<enter>")
	alice.status(" bob ")
	alice.await("the doubt", func(string) bool { return count(alice, doubtLine) == 1 })
}
