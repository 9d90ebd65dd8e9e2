package page

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageLosesServer stops or kills the server while a page is connected and its user continues
// to send messages. When another server starts, the page reconnects by itself. Each message is sent
// once, in the order in which it was written.
func TestPageLosesServer(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	for name, end := range map[string]syscall.Signal{"ended": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			if end == syscall.SIGTERM {
				harness.SkipIfShort(t)
			}
			t.Parallel()
			data := t.TempDir()
			first := harness.StartProgram(t, "--data", data)
			page := browser.Open(t, "http://"+first.HTTP)
			page.Say("/nick alice")
			page.Expect(page.AwaitNick("alice"))
			said := page.SayNumbered("said before", 3)
			page.ExpectMessages(said)
			page.ExpectPending()

			first.Signal(t, end)
			<-first.Exited
			page.ExpectState("waiting")
			kept := page.SayNumbered("said meanwhile", 3)
			page.Say("/me waits")
			page.ExpectPending(append(slices.Clone(kept), "alice waits")...)

			second := harness.StartProgram(t, "--data", data, "--tcp", first.TCP, "--http", first.HTTP)
			page.ExpectState("open")
			later := page.SayNumbered("said after", 2)
			page.Expect("alice waits")
			all := slices.Concat(said, kept, later)
			page.ExpectMessages(all)
			page.ExpectPending()

			bot := harness.DialBot(t, "ws://"+second.HTTP+"/ws?since=0")
			for _, text := range slices.Concat(said, kept, []string{"waits"}, later) {
				got := bot.Expect(t, text, func(e harness.Event) bool {
					return e.From == "alice" && slices.Contains([]string{"message", "action"}, e.Type)
				})
				if got.Text != text {
					t.Errorf("the bot received %q, want %q", got.Text, text)
				}
			}
		})
	}
}

// TestPageReloadKeepsPending reloads a page while a message is pending. The message is still there,
// and is sent again with the same key.
func TestPageReloadKeepsPending(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type == "say" {
			return nil // leave the message pending
		}
		return defaultAnswer(r)
	})
	page := browser.Open(t, s.url)
	page.Say("written before")
	page.ExpectPending("written before")
	key := s.await(t, "say").Key

	browser.Eval[bool](page, `(location.reload(), true)`)
	page.ExpectPending("written before")
	if again := s.await(t, "say"); again.Key != key || again.Text != "written before" {
		t.Errorf("after the reload: got %+v, want key %s", again, key)
	}
}

// TestPageShowsRefusals has the server refuse a message twice. It stays in the log with the reason
// until the third attempt succeeds. Another message stays until it is discarded.
func TestPageShowsRefusals(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	refusals := 0
	s := startScripted(t, func(r request) []object {
		if r.Type != "say" {
			return defaultAnswer(r)
		}
		if r.Text == "never" || refusals < 2 {
			refusals++
			return []object{{"type": "error", "ref": r.Ref, "key": r.Key, "code": "unavailable", "message": "history is full"}}
		}
		return defaultAnswer(r)
	})
	page := browser.Open(t, s.url)
	// press waits for a new refusal and presses one of its buttons.
	press := func(button string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf(`(() => {
			const entry = document.querySelector(".pending .failed:not([data-pressed])");
			if (entry?.querySelector(".refusal").textContent !== "Not sent: history is full") return false;
			entry.dataset.pressed = "";
			[...entry.querySelectorAll("button")].find((b) => b.textContent === %q).click();
			return true;
		})()`, button))
	}

	page.Say("at last")
	press("Try again")
	press("Try again")
	page.ExpectMessages([]string{"at last"})
	page.ExpectPending()
	first := s.await(t, "say")
	for range 2 {
		if r := s.await(t, "say"); r.Key != first.Key {
			t.Errorf("it is sent again with key %s, want %s", r.Key, first.Key)
		}
	}

	page.Say("never")
	press("Discard")
	page.ExpectPending()
	page.ExpectMessages([]string{"at last"})
}

// TestPageMarksUnstored has the server report that messages are not stored. The page marks each
// such message, and does not send its own again.
func TestPageMarksUnstored(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type != "say" {
			return defaultAnswer(r)
		}
		return []object{
			{"type": "notice", "code": "unstored", "message": "what is said now is not stored"},
			{"type": "message", "id": 7, "at": scriptedTime, "room": "lobby", "from": "alice", "via": "ws", "text": r.Text, "stored": false},
			{"type": "notice", "code": "unstored", "ref": r.Ref, "key": r.Key, "id": 7, "message": "heard, but not stored"},
		}
	})
	page := browser.Open(t, s.url)
	page.Say("hello")
	page.Expect("what is said now is not stored")
	page.ExpectMessages([]string{"hello"})
	page.ExpectPending()
	browser.Await[bool](page, `document.querySelector("#log .message > .unstored")?.textContent === "not stored"`)
	if n := browser.Eval[int](page, `document.querySelectorAll("#log .notice").length`); n != 1 {
		t.Errorf("the page shows %d notices, want 1: the answer to its own request is not shown", n)
	}
}
