package screen

import (
	"context"
	"errors"
	"strings"
	"testing"

	"partyline/client"
	"partyline/hub"
	"partyline/hub/history"
)

// TestRooms checks several rooms at once: their order, what is unread in them, and their ends.
func TestRooms(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	bob := dial(t, address, client.Options{Nick: "bob", Room: "ops"})
	say(t, bob, "before")
	alice.keys("/join ops<enter>hello ops<enter>")
	alice.status("#ops", "2 members", "1:#lobby")
	alice.see("before", "hello ops")
	if n := len(alice.m.unanswered); n > 0 {
		alice.await("the ack", func(string) bool { return len(alice.m.unanswered) == 0 })
	}
	alice.keys("<alt+1>")
	alice.status("#lobby", "2:#ops")
	say(t, bob, "something", "for alice")
	alice.status("2:#ops 2!")
	alice.keys("<alt+a>")
	alice.status("#ops", "1:#lobby")
	alice.await("the separator", func(screen string) bool {
		return strings.Index(screen, "hello ops") < strings.Index(screen, "── new") &&
			strings.Index(screen, "── new") < strings.Index(screen, "something")
	})
	alice.keys("/nick ally<enter>")
	alice.see("alice is now known as ally")
	alice.keys("<ctrl+n>")
	alice.status("#lobby")
	alice.see("alice is now known as ally")
	alice.keys("/join #OPS<enter>")
	alice.status("#ops", "1:#lobby")
	alice.keys("/close<enter>")
	alice.status("#lobby")
	alice.gone("#ops")
	alice.keys("/close<enter>")
	alice.see("this is the only open room")
	alice.keys("/join no room<enter>")
	alice.see("can't be opened")
	alice.status("#lobby")
}

// TestCloseOnlyOpenRoom checks that a room stays if the others can't be opened: without it none could ever be.
func TestCloseOnlyOpenRoom(t *testing.T) {
	o := hub.Options{Journal: history.NewMemory(history.Retention{Messages: 1000})}
	o.Limits.Rooms = 1
	s := startHub(t, "127.0.0.1:0", o)
	alice := newDriver(t, s.address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>")
	alice.status(" #ops", "ended")
	alice.keys("<alt+1>/close<enter>")
	alice.see("this is the only open room: /quit leaves")
	alice.status(" #lobby", "2:#ops")
	alice.keys("<alt+2>/close<enter>")
	alice.status(" #lobby")
	alice.gone("#ops")
}

// TestEnterTwo checks what happens when the user enters a second room again while the first one is not open yet.
func TestEnterTwo(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>")
	alice.status("#ops", "connected")
	dial(t, address, client.Options{Token: alice.m.opts.Client.Token()}).Close() // ends both
	alice.status("ended")
	alice.keys("<alt+1>")
	alice.status("ended")
	enter, entered := alice.m.opts.Dial, make(chan struct{})
	alice.m.opts.Dial = func(ctx context.Context, room string, since int64, token string) (*client.Client, error) {
		<-entered
		return enter(ctx, room, since, token)
	}
	alice.keys("/join lobby<enter>/join ops<enter>")
	alice.see("#lobby is not open yet")
	close(entered)
	alice.keys("<alt+1>")
	alice.status("connected")
	alice.keys("/join ops<enter>")
	alice.status("#ops", "connected")
}

// TestOtherProgram checks what happens when another program enters the room with the user's name, and how to enter it
// again.
func TestOtherProgram(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>")
	alice.status("#ops", "connected")
	other := dial(t, address, client.Options{Room: "ops", Token: alice.m.opts.Client.Token()})
	alice.see("another program has entered this room with your name")
	alice.status("ended")
	alice.keys("lost<enter>")
	alice.see("not sent", "lost")
	say(t, other, "in the meantime")
	alice.keys("/join ops<enter>")
	alice.status("connected")
	alice.see("in the meantime")
	alice.keys("here again<enter>")
	alice.see("here again")
}

// TestCloseView checks which view is shown when one is closed: the one that was shown before it.
func TestCloseView(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("pizza<enter>/join ops<enter>")
	alice.status("#ops", "connected")
	alice.keys("<alt+1>/search pizza<enter>")
	alice.see("newest first")
	alice.keys("<esc>")
	alice.status(" #lobby", "2:#ops")
	alice.keys("<alt+2>/close<enter>")
	alice.status(" #lobby")
	alice.gone("#ops")
}

// TestEndAfterClose checks that the end waits for a room that was closed just before.
func TestEndAfterClose(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>")
	alice.status("#ops", "connected")
	c := alice.m.view().room.client
	alice.keys("said at last<enter>/close<enter>")
	alice.end()
	if c.Err() == nil {
		t.Error("the client still runs")
	}
}

// TestAnswerInClosedView checks that an answer for a view that was closed before it came does nothing.
func TestAnswerInClosedView(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>hello<enter>")
	alice.status("#ops", "connected")
	alice.see("hello")
	v := alice.m.view()
	alice.keys("/close<enter>")
	alice.status(" #lobby")
	alice.update(located{in: v, messages: []*client.Message{{ID: 1, Text: "hello"}}})
	alice.status(" #lobby")
}

// TestEnterAgain checks that a room that has ended can be entered when the server is back, however often that was
// tried before, and that nothing of the old connection runs any more.
func TestEnterAgain(t *testing.T) {
	journal := history.NewMemory(history.Retention{Messages: 1000})
	first := startServerAt(t, "127.0.0.1:0", journal)
	alice := newDriver(t, first.address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	dial(t, first.address, client.Options{Token: alice.m.opts.Client.Token()}).Close()
	alice.status("ended")
	old := alice.m.view().room.connection
	first.stop()
	for range 2 {
		alice.keys("/join lobby<enter>")
		alice.status("connecting")
		alice.status("ended")
	}
	old.wg.Wait()
	startServerAt(t, first.address, journal)
	alice.keys("/join lobby<enter>")
	alice.status("connected")
}

// TestRoomNotOpened checks that what the user says and types in a room that can't be opened is not lost.
func TestRoomNotOpened(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	alice.keys("/join a<enter>said<enter>half a line")
	v := alice.m.view()
	alice.update(roomOpened{view: v, err: errors.New("no room")})
	alice.see("#a can't be opened: no room", "not sent (the room is not open): said", "> half a line")
	alice.keys("<ctrl+u>/close<enter>/join b<enter>said there<enter>/close<enter>")
	alice.see("not sent to #b (the room is not open): said there")
	if n := len(alice.m.unanswered); n > 0 {
		t.Errorf("%d messages wait for an answer", n)
	}
}
