package page

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageLosesItsServer ends the server under a page, in good order and in no order,
// while its person goes on writing. When another one is there the page comes back by
// itself: all that was written is said once, in the order of writing.
func TestPageLosesItsServer(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]syscall.Signal{"ended": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
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
				heard := bot.Expect(t, text, func(e harness.Event) bool {
					return e.From == "alice" && slices.Contains([]string{"message", "action"}, e.Type)
				})
				if heard.Text != text {
					t.Errorf("the server heard %q in the place of %q", heard.Text, text)
				}
			}
		})
	}
}

// TestPageKeepsWhatWaitsOverAReload reloads a page whose server is away: what was written
// is still there and is said when it comes back.
func TestPageKeepsWhatWaitsOverAReload(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type == "say" {
			return nil // it never answers
		}
		return answerAsUsual(r)
	})
	page := browser.Open(t, s.url)
	page.Say("written before")
	page.ExpectPending("written before")
	key := s.await(t, "say").Key

	browser.Eval[bool](page, `(location.reload(), true)`)
	page.ExpectPending("written before")
	if again := s.await(t, "say"); again.Key != key || again.Text != "written before" {
		t.Errorf("after the reload came %+v, whose key was %s", again, key)
	}
}

// TestPageShowsWhatFailed has the server refuse a message twice: it stays in the log with
// the reason until the third try succeeds, and another one until it is discarded.
func TestPageShowsWhatFailed(t *testing.T) {
	t.Parallel()
	refusals := 0
	s := startScripted(t, func(r request) []object {
		if r.Type != "say" {
			return answerAsUsual(r)
		}
		if r.Text == "never" || refusals < 2 {
			refusals++
			return []object{{"type": "error", "ref": r.Ref, "key": r.Key, "code": "unavailable", "message": "history is full"}}
		}
		return answerAsUsual(r)
	})
	page := browser.Open(t, s.url)
	// press waits for a failure that was not pressed at before.
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
			t.Errorf("it is tried again with key %s, not %s", r.Key, first.Key)
		}
	}

	page.Say("never")
	press("Discard")
	page.ExpectPending()
	page.ExpectMessages([]string{"at last"})
}

// TestPageMarksWhatIsNotStored hears of a disk in trouble: each message that the history
// does not have says so, and the own one is not said again.
func TestPageMarksWhatIsNotStored(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type != "say" {
			return answerAsUsual(r)
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
		t.Errorf("it shows %d notices, and the answer to its own request is none", n)
	}
}
