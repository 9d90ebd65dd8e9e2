package screen

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/hub/history"
)

// TestTalk checks that members see what is said in the room, once, and that what they type stays.
func TestTalk(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("#lobby", "connected", "1 member")
	bob := newDriver(t, address, client.Options{Nick: "bob"}, Options{})
	alice.status("2 members")
	alice.keys("half a line")
	bob.keys("hello alice<enter>/me waves<enter>//quit is a command<enter>")
	alice.see("hello alice", "bob waves", "/quit is a command", "> half a line")
	alice.keys(" and the rest<enter>")
	bob.see("half a line and the rest")
	alice.await("the ack", func(screen string) bool {
		return len(alice.m.unanswered) == 0 && strings.Count(screen, "half a line") == 1
	})
	bob.keys("/nick rob<enter>")
	alice.see("bob is now known as rob")
	bob.keys("/quit see you<enter>")
	bob.await("the end", func(string) bool { return bob.quit })
	bob.end()
	alice.see("rob left (see you)")
}

// TestConversation checks that private messages have a view of their own.
func TestConversation(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	bob := newDriver(t, address, client.Options{Nick: "bob"}, Options{})
	alice.keys("/msg bob psst<enter>")
	alice.see("psst")
	alice.status("bob", "1:#lobby")
	bob.status("2:alice 1!")
	bob.keys("<alt+2>")
	bob.see("psst")
	bob.keys("what?<enter>")
	alice.see("what?")
	carol := dial(t, address, client.Options{Nick: "carol"})
	if err := carol.Rename(t.Context(), "karen"); err != nil {
		t.Fatal(err)
	}
	bob.keys("/nick rob<enter>")
	alice.status("rob")
	if screen := alice.screen(); strings.Contains(screen, "karen") {
		t.Errorf("the conversation has the name of another member:\n%s", screen)
	}
	alice.keys("/msg nobody-there hello<enter>")
	alice.see("not sent", "hello")
	alice.keys("/close<enter>")
	alice.status("rob")
}

// TestManyNames checks that members that take many names can't open views without end, nor close those of the user.
func TestManyNames(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	alice.keys("/msg bob<enter><alt+1>")
	room := alice.m.views[0].room.connection
	for i := range 3 * maxConversations {
		alice.update(batch{arrived{room, &client.Private{From: fmt.Sprint("guest-", i), To: "alice", Text: "hello"}}})
	}
	if n := len(alice.m.views); n != maxConversations+1 {
		t.Errorf("there are %d views", n)
	}
	alice.see("guest-149 → …")
	alice.keys("/msg carol<enter>")
	alice.status(" carol ")
	alice.keys("<alt+2>")
	alice.status(" bob ")
	alice.update(batch{arrived{room, &client.Private{From: "bob", To: "alice", Text: "it is me"}}})
	alice.see("it is me")
}

// TestBell checks that the bell rings when somebody mentions the user, also in the view that is shown.
func TestBell(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{Bell: true})
	alice.status("connected")
	bob := dial(t, address, client.Options{Nick: "bob"})
	say(t, bob, "hello", "hello alice")
	alice.await("the bell", func(string) bool { return alice.bell > 0 })
	alice.see("hello alice")
	say(t, bob, "bye")
	alice.see("bye")
	if alice.bell != 1 {
		t.Errorf("the bell has rung %d times", alice.bell)
	}
}

// TestHistory checks that scrolling up loads all older messages, and that the line and new messages stay.
func TestHistory(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	for i := range 350 {
		say(t, bob, fmt.Sprintf("message %d.", i))
	}
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.see("message 349.")
	alice.keys("typed")
	for range 30 {
		alice.keys("<pgup>")
		alice.await("the page", func(string) bool { return !alice.m.view().loading })
	}
	if screen := alice.screen(); !strings.Contains(screen, "message 0.") || !strings.Contains(screen, "message 10.") {
		t.Errorf("the top is\n%s", screen)
	}
	alice.status("Esc: to the end")
	say(t, bob, "something new")
	alice.status("Esc: to the end, 1 new")
	alice.keys("<ctrl+end>")
	alice.see("something new", "message 349.", "> typed")
}

// TestSearch checks that a search lists messages, and that Enter shows one in its room.
func TestSearch(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	for i := range 400 {
		text := fmt.Sprintf("message %d.", i)
		if i == 42 || i == 77 {
			text += " with pizza"
		}
		say(t, bob, text)
	}
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.see("message 399.")
	alice.keys("/search pizza<enter>")
	alice.see("message 77. with pizza", "message 42. with pizza")
	alice.keys("<down><enter>")
	alice.see("message 42. with pizza", "message 43.", "message 41.")
	alice.status("#lobby", "Esc: to the end", "search pizza")
	alice.keys("<esc>")
	alice.see("message 399.")
	alice.keys("<alt+2><esc>")
	alice.status("#lobby")
	alice.gone("search pizza")
	alice.keys("/search nothing-like-it<enter>")
	alice.see("nothing found")
	alice.keys("<esc>/since 10<enter>")
	alice.see("message 10.")
	alice.keys("<esc>/history 3<enter>")
	alice.see("message 397.")
}

// TestMoreResults checks that older results can be asked for again after a failure.
func TestMoreResults(t *testing.T) {
	address := startServer(t)
	bob := dial(t, address, client.Options{Nick: "bob"})
	for i := range pageSize + 1 {
		say(t, bob, fmt.Sprintf("pizza %d.", i))
	}
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/search pizza<enter>")
	alice.see("pizza 100.")
	alice.update(found{in: alice.m.view(), err: errors.New("interrupted")})
	for range pageSize - 1 {
		alice.keys("<down>")
	}
	alice.await("the next page", func(string) bool { return !alice.m.view().loading })
	alice.keys("<down>")
	alice.see("pizza 0.")
}

// TestPaste checks the question before several lines are said.
func TestPaste(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	alice.update(tea.PasteMsg{Content: "one line\n"})
	alice.see("> one line")
	alice.update(tea.PasteMsg{Content: " more\r\nsecond\r\nthird\r\n"})
	alice.see("Paste 3 lines? Enter: as one message, l: line by line, Esc: cancel")
	alice.keys("<esc>")
	alice.see("> one line")
	alice.gone("Paste")
	alice.update(tea.PasteMsg{Content: " more\nsecond"})
	alice.keys("<enter>")
	alice.see("one line more", "second")
	alice.gone("> one")
	alice.update(tea.PasteMsg{Content: strings.Repeat("/quit\n", 33)})
	alice.see("l: line by line, Esc: cancel", "at most 32 lines")
	alice.keys("<enter>")
	alice.see("Paste 33 lines?")
	alice.keys("l")
	alice.await("33 messages", func(screen string) bool {
		return len(alice.m.unanswered) == 0 && strings.Count(screen, "/quit") >= 20
	})
}

// TestPasteElsewhere checks that a pasted text is said in the view in which it was pasted, with what is pasted
// after it.
func TestPasteElsewhere(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.keys("/join ops<enter>")
	alice.status("#ops", "connected")
	alice.keys("typed ")
	alice.update(tea.PasteMsg{Content: "one\ntwo\n"})
	alice.update(tea.PasteMsg{Content: "three\n"})
	alice.see("Paste 3 lines?")
	ops, lobby := alice.m.view(), alice.m.views[0]
	alice.update(located{in: lobby, messages: []*client.Message{{ID: 1, Text: "found"}}})
	alice.status("#lobby")
	alice.keys("l")
	alice.await("the acks", func(string) bool { return len(alice.m.unanswered) == 0 })
	if text := ops.line.Text(); text != "" {
		t.Errorf("the line still has %q", text)
	}
	alice.keys("<alt+2>")
	alice.see("typed one", "two", "three")
}

// TestLongPaste checks that what is too long to edit is refused.
func TestLongPaste(t *testing.T) {
	address := startServer(t)
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{})
	alice.update(tea.PasteMsg{Content: strings.Repeat("x", maxPaste+1)})
	alice.see("not pasted: at most 256 KiB fit")
	alice.update(tea.PasteMsg{Content: strings.Repeat("x\n", maxPaste/2-1)})
	alice.update(tea.PasteMsg{Content: "and more"})
	alice.await("another refusal", func(screen string) bool { return strings.Count(screen, "not pasted") == 2 })
	alice.keys("<esc>")
	if text := alice.m.view().line.Text(); text != "" {
		t.Errorf("the line has %d bytes", len(text))
	}
}

// TestKeys checks completion, the lines entered before, and Ctrl-C.
func TestKeys(t *testing.T) {
	address := startServer(t)
	dial(t, address, client.Options{Nick: "barbara"})
	var entered []string
	alice := newDriver(t, address, client.Options{Nick: "alice"}, Options{
		History: []string{"a\tb\nc", "from an earlier session"},
		Entered: func(line string) { entered = append(entered, line) },
	})
	alice.status("2 members")
	alice.keys("ba<tab>")
	alice.see("> barbara: ")
	alice.keys("hi<enter>/se<tab>")
	alice.see("> /search ")
	alice.keys("<ctrl+c>")
	alice.gone("/search")
	alice.keys("<up>")
	alice.see("> barbara: hi")
	alice.keys("<up>")
	alice.see("> from an earlier session")
	alice.keys("<down><down><ctrl+r>earl")
	alice.see("search: earl  from an earlier session")
	alice.keys("<esc><ctrl+r>b<ctrl+r><ctrl+r>")
	alice.see("a⇥b⏎c")
	alice.keys("<esc><ctrl+r>earl<enter>")
	alice.await("the line", func(screen string) bool { return strings.Contains(screen, "from an earlier session\n") })
	if len(entered) != 2 || entered[0] != "barbara: hi" {
		t.Errorf("entered: %q", entered)
	}
	alice.keys("x<ctrl+c>")
	if alice.m.quitting {
		t.Error("Ctrl-C left although the line was not empty")
	}
	alice.keys("<ctrl+c>")
	alice.await("the end", func(string) bool { return alice.quit })
}

// TestReconnect checks what is shown while the server is away, and that what is said in this time is said once.
func TestReconnect(t *testing.T) {
	if testing.Short() {
		t.Skip("the client waits before it connects again")
	}
	journal := history.NewMemory(history.Retention{Messages: 1000})
	first := startServerAt(t, "127.0.0.1:0", journal)
	alice := newDriver(t, first.address, client.Options{Nick: "alice"}, Options{})
	alice.status("connected")
	alice.keys("before<enter>")
	alice.await("the ack", func(string) bool { return len(alice.m.unanswered) == 0 })
	first.stop()
	alice.status("reconnecting")
	alice.keys("one<enter>/me waves<enter>two<enter>")
	alice.see("one · unsent", "two · unsent")
	second := startServerAt(t, first.address, journal)
	alice.see("connected again")
	alice.await("the acks", func(string) bool { return len(alice.m.unanswered) == 0 })
	alice.gone("unsent")
	bob := dial(t, second.address, client.Options{Nick: "bob"})
	messages, _, err := bob.History(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, m := range messages {
		said = append(said, m.Text)
	}
	if got := strings.Join(said, ", "); got != "before, one, waves, two" {
		t.Errorf("the room has %s", got)
	}
	for _, text := range []string{"   before\n", "   one\n", "   two\n"} {
		if n := strings.Count(alice.screen(), text); n != 1 {
			t.Errorf("%q is shown %d times:\n%s", text, n, alice.screen())
		}
	}
	second.stop()
	third := startServerAt(t, first.address, history.NewMemory(history.Retention{Messages: 1000}))
	alice.see("messages lost")
	alice.keys("after<enter>")
	alice.await("the ack", func(string) bool { return len(alice.m.unanswered) == 0 })
	alice.see("after")
	third.stop()
}
