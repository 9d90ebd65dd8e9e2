//go:build unix

package talk

import (
	"fmt"
	"strings"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// TestRooms opens rooms, switches between them with Alt and a number, and counts what is unread in the others.
func TestRooms(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTalk(t, setup{}, s.TCP)
	tt.enter("/join ops")
	tt.expectStatus(`^ #ops +connected .* 1:#lobby`)

	bob.Say(t, "one")
	bob.Say(t, "two")
	tt.expectStatus(`1:#lobby 2`)
	bob.Say(t, "alice: three")
	tt.expectStatus(`1:#lobby 3!`)
	if screen := tt.screen(); strings.Contains(screen, "two") {
		t.Errorf("the message is in the wrong room:\n%s", screen)
	}
	bob.Say(t, "/join ops")
	tt.expect(`bob arrived`)
	bob.Say(t, "four")
	tt.expect(`bob +four$`)

	tt.write("begun in ops")
	tt.press("M-1")
	tt.expectStatus(`^ #lobby`)
	tt.expect(`bob +one\n.* two\n.* alice: three$`)
	tt.expectInput(">")
	tt.press("M-2")
	tt.expectInput(">begun in ops")
	tt.press("Enter")
	harness.ExpectLine(t, bob.Out, "alice: begun in ops")

	tt.press("M-1")
	tt.enter("in the lobby")
	tt.expect(`in the lobby$`)
	tt.enter("/close")
	tt.expectStatus(`^ #ops`)
	tt.enter("/who")
	tt.expect(`#ops, 2 members: `)
}

// TestUnreadSeparator reads what was missed, after a separator.
func TestUnreadSeparator(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTalk(t, setup{}, s.TCP)
	bob.Say(t, "read")
	tt.expect(`bob +read$`)
	tt.enter("/join ops")
	tt.expectStatus(`^ #ops`)
	bob.Say(t, "unread")
	tt.expectStatus(`1:#lobby 1`)
	tt.press("M-1")
	tt.expect(`(?s) read\n.*── new ─+\n[^\n]* unread$`)
}

// TestPrivate has a private conversation in a view of its own.
func TestPrivate(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob, carol := enterAs(t, s.TCP, "bob"), enterAs(t, s.TCP, "carol")
	tt := openTalk(t, setup{}, s.TCP)
	bob.Say(t, "/msg alice psst")
	tt.expectStatus(`2:bob 1!?`)
	if screen := tt.screen(); strings.Contains(screen, "psst") {
		t.Errorf("the private message is in the room:\n%s", screen)
	}
	tt.press("M-2")
	tt.expectStatus(`^ bob`)
	tt.expect(`psst$`)
	tt.enter("what is it?")
	harness.ExpectLine(t, bob.Out, "alice -> you: what is it\\?")
	tt.expect(`what is it\?$`)
	tt.enter("/msg carol hello")
	tt.expectStatus(`^ carol`)
	harness.ExpectLine(t, carol.Out, "alice -> you: hello")
	tt.press("M-1")
	tt.enter("to all")
	harness.ExpectLine(t, carol.Out, "alice: to all")
	if n := carol.Out.Count(func(line string) bool { return strings.Contains(line, "what is it") }); n > 0 {
		t.Error("carol received what alice said to bob")
	}
}

// seed says n messages "note N" in the lobby, from 0, as dora.
func seed(t *testing.T, addr string, n int) {
	t.Helper()
	dora := enterAs(t, addr, "dora")
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "note %d\n", i)
	}
	if _, err := dora.Conn.Write([]byte(lines.String())); err != nil {
		t.Fatal(err)
	}
	harness.ExpectLine(t, dora.Out, fmt.Sprintf("dora: note %d", n-1))
	dora.Say(t, "/quit")
}

// TestSearch finds an old message, jumps to it, and returns.
func TestSearch(t *testing.T) {
	harness.NeedLocal(t) // for which a history in NATS needs an index
	t.Parallel()
	s := startServer(t)
	seed(t, s.TCP, 400)
	tt := openTalk(t, setup{}, s.TCP)
	tt.enter("/search note 123")
	tt.expectStatus(`^ search`)
	tt.expect(`dora .*note 123$`)
	if screen := tt.screen(); strings.Contains(screen, "note 124") {
		t.Errorf("found too much:\n%s", screen)
	}
	tt.press("Enter")
	tt.expect(`note 122\n.* note 123\n.* note 124$`)
	tt.press("Escape")
	tt.expect(`note 399$`)
	tt.expectStatus(`2:search note 123`) // and is still there

	tt.enter("live again")
	tt.expect(`live again$`)
	tt.enter("/search nothing-has-this")
	tt.expect(`nothing found|no message`)
	tt.press("M-1")
	tt.expectStatus(`^ #lobby`)
}

// TestScroll scrolls back with PgUp and the mouse wheel, and loads older messages from the server.
func TestScroll(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	seed(t, s.TCP, 400)
	tt := openTalk(t, setup{}, s.TCP)
	tt.expect(`note 399$`)
	const wheelUp, wheelDown = "\x1b[<64;10;10M", "\x1b[<65;10;10M"
	tt.write(wheelUp)
	tt.await("older messages", func(s string) bool { return !strings.Contains(s, "note 399\n") })
	tt.write(wheelDown)
	tt.expect(`note 399$`)
	tt.await("first message", func(screen string) bool {
		tt.press("PageUp")
		return strings.Contains(screen, "note 0\n")
	})
	bob := enterAs(t, s.TCP, "bob")
	bob.Say(t, "something new")
	tt.expectStatus(`Esc: to the end`)
	if screen := tt.screen(); !strings.Contains(screen, "note 0\n") {
		t.Errorf("a new message scrolled the screen:\n%s", screen)
	}
	tt.await("newest message", func(screen string) bool {
		tt.press("PageDown")
		return strings.Contains(screen, "something new\n")
	})
}

// TestPaste pastes several lines, which talk says in one message, line by line, or not at all.
func TestPaste(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	bob := enterAs(t, s.TCP, "bob")
	tt := openTalk(t, setup{}, s.TCP)
	tt.paste("a single line")
	tt.expectInput("> a single line")
	tt.press("C-u")

	const text = "first\n\tsecond\nthird\n"
	tt.write("typed before")
	tt.paste(text)
	tt.expect(`3 lines`)
	tt.press("Escape")
	tt.expectInput("> typed before")
	tt.press("C-u")

	tt.paste(text)
	tt.expect(`3 lines`)
	tt.press("Enter")
	tt.expect(`first\n +second\n +third$`)
	for _, line := range []string{"first", "\tsecond", "third"} {
		harness.ExpectLine(t, bob.Out, "alice: "+line)
	}
	tt.expectInput(">")

	tt.paste(strings.Repeat("much\n", 40))
	tt.expect(`40 lines`)
	tt.press("l")
	for range 40 {
		harness.ExpectLine(t, bob.Out, "alice: much")
	}
	if n := bob.Out.Count(func(line string) bool { return strings.Contains(line, "typed before") }); n > 0 {
		t.Error("a cancelled paste was said")
	}
}
