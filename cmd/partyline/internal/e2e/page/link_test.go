package page

import (
	"fmt"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// highlighted waits until the page highlights a message that the reader sees.
func highlighted(page *browser.Page, text string) {
	browser.Await[bool](page, fmt.Sprintf(`(() => {
		const e = document.querySelector("#log .highlight");
		const [box, at] = [document.querySelector("#log"), e].map((x) => x?.getBoundingClientRect());
		return e?.querySelector(".text").textContent === %q && at.top >= box.top && at.bottom <= box.bottom && document.activeElement === e;
	})()`, text))
}

// shownMessages returns the numbers of the messages in the log.
func shownMessages(page *browser.Page) []int {
	return browser.Eval[[]int](page, `[...document.querySelectorAll("#log .message .text")].map((e) => Number(/\d+/.exec(e.textContent)[0]))`)
}

// TestPageOpensLink opens the link of an early message. The page shows it in context, with a gap after it that a
// click fills, and can scroll to the first message.
func TestPageOpensLink(t *testing.T) {
	s, bot := startAfter(t, 300)
	bot.Request(t, map[string]any{"type": "history", "limit": 500, "ref": "all"})
	all := bot.Expect(t, "the history", func(e harness.Event) bool { return e.Ref == "all" }).Messages
	page := browser.Open(t, fmt.Sprintf("http://%s/#m%d", s.HTTP, all[60].ID))
	highlighted(page, "message 60")
	if got := shownMessages(page); got[0] > 50 || got[len(got)-1] < 85 {
		t.Errorf("the page shows messages %d to %d", got[0], got[len(got)-1])
	}

	const button = `document.querySelector("#log .gap button")`
	browser.Eval[bool](page, `(document.querySelector("#log").scrollTop += 800, true)`)
	browser.Await[bool](page, button+` !== null`)
	browser.Eval[bool](page, `(`+button+`.click(), true)`)
	browser.Await[bool](page, button+` === null`)
	highest := -1
	for _, n := range shownMessages(page) {
		if n != highest+1 && highest >= 0 {
			t.Fatalf("message %d follows message %d", n, highest)
		}
		highest = n
	}

	for _, link := range []struct {
		id   int64
		text string
	}{{all[0].ID, "message 0"}, {all[299].ID, "message 299\nand another line\nand another line"}} {
		browser.Eval[bool](page, fmt.Sprintf(`(location.hash = "#m%d", true)`, link.id))
		highlighted(page, link.text)
	}
	browser.Eval[bool](page, `(location.hash = "#m987654321", true)`)
	page.Expect("The message can't be shown: this room has no such message, or no longer")
}

// TestPageShowsResult clicks on a result of a search. The page shows the message in the log.
func TestPageShowsResult(t *testing.T) {
	harness.SkipIfShort(t)
	page, _ := openAfter(t, 200)
	page.Say("/search 24")
	browser.Await[bool](page, `document.querySelector("#results li .permalink") !== null`)
	page.Click("#results li .permalink")
	highlighted(page, "message 24")
	browser.Await[bool](page, `document.querySelector("#results").hidden`) // it would cover the log
}
