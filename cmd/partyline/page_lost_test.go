package main

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
)

// TestPageLosesItsServer ends the server under a page, in good order and in no order,
// while its person goes on writing. When another one is there the page comes back by
// itself: all that was written is said once, in the order of writing.
func TestPageLosesItsServer(t *testing.T) {
	for name, end := range map[string]syscall.Signal{"ended": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			first := startProgram(t, "--data", data)
			page := openPage(t, "http://"+first.http)
			page.say("/nick alice")
			page.expect(page.named("alice"))
			said := page.sayNumbered("said before", 3)
			page.expectTold(said)
			page.expectPending()

			first.signal(t, end)
			<-first.exited
			page.expectState("waiting")
			kept := page.sayNumbered("said meanwhile", 3)
			page.say("/me waits")
			page.expectPending(append(slices.Clone(kept), "alice waits")...)

			second := startProgram(t, "--data", data, "--tcp", first.tcp, "--http", first.http)
			page.expectState("open")
			later := page.sayNumbered("said after", 2)
			page.expect("alice waits")
			all := slices.Concat(said, kept, later)
			page.expectTold(all)
			page.expectPending()

			bot := dialBot(t, "ws://"+second.http+"/ws?since=0")
			for _, text := range slices.Concat(said, kept, []string{"waits"}, later) {
				heard := bot.expect(t, text, func(e event) bool {
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
	s := startScripted(t, func(r request) []object {
		if r.Type == "say" {
			return nil // it never answers
		}
		return answerAsUsual(r)
	})
	page := openPage(t, s.url)
	page.say("written before")
	page.expectPending("written before")
	key := s.await(t, "say").Key

	ask[bool](page, `(location.reload(), true)`)
	page.expectPending("written before")
	if again := s.await(t, "say"); again.Key != key || again.Text != "written before" {
		t.Errorf("after the reload came %+v, whose key was %s", again, key)
	}
}

// TestPageShowsWhatFailed has the server refuse a message twice: it stays in the log with
// the reason until the third try succeeds, and another one until it is discarded.
func TestPageShowsWhatFailed(t *testing.T) {
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
	page := openPage(t, s.url)
	// press waits for a failure that was not pressed at before.
	press := func(button string) {
		t.Helper()
		until[bool](page, fmt.Sprintf(`(() => {
			const entry = document.querySelector(".pending .failed:not([data-pressed])");
			if (entry?.querySelector(".refusal").textContent !== "Not sent: history is full") return false;
			entry.dataset.pressed = "";
			[...entry.querySelectorAll("button")].find((b) => b.textContent === %q).click();
			return true;
		})()`, button))
	}

	page.say("at last")
	press("Try again")
	press("Try again")
	page.expectTold([]string{"at last"})
	page.expectPending()
	first := s.await(t, "say")
	for range 2 {
		if r := s.await(t, "say"); r.Key != first.Key {
			t.Errorf("it is tried again with key %s, not %s", r.Key, first.Key)
		}
	}

	page.say("never")
	press("Discard")
	page.expectPending()
	page.expectTold([]string{"at last"})
}

// TestPageMarksWhatIsNotStored hears of a disk in trouble: each message that the history
// does not have says so, and the own one is not said again.
func TestPageMarksWhatIsNotStored(t *testing.T) {
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
	page := openPage(t, s.url)
	page.say("hello")
	page.expect("what is said now is not stored")
	page.expectTold([]string{"hello"})
	page.expectPending()
	until[bool](page, `document.querySelector("#log .message > .unstored")?.textContent === "not stored"`)
	if n := ask[int](page, `document.querySelectorAll("#log .notice").length`); n != 1 {
		t.Errorf("it shows %d notices, and the answer to its own request is none", n)
	}
}

// sayNumbered says n messages without waiting, and returns them.
func (p *page) sayNumbered(about string, n int) (said []string) {
	p.t.Helper()
	for i := range n {
		said = append(said, fmt.Sprint(about, " ", i))
		p.say(said[i])
	}
	return said
}

// expectPending waits until exactly these texts are shown as not said yet.
func (p *page) expectPending(texts ...string) {
	p.t.Helper()
	if texts == nil {
		texts = []string{}
	}
	until[bool](p, fmt.Sprintf(`JSON.stringify([...document.querySelectorAll("#log > .pending > .own .text")]
		.map((e) => e.innerText)) === JSON.stringify(%s)`, quote(texts)))
}
