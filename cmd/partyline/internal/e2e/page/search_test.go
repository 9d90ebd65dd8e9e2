package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageSearches searches from the search box and from the composer. The panel shows the
// messages newest first, as text with the words marked.
func TestPageSearches(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type != "search" {
			return defaultAnswer(r)
		}
		found := []object{}
		if r.Words == "backup" {
			newest := r.Before - 1
			if r.Before == 0 {
				newest = 40
			}
			for id := newest; id > max(0, newest-int64(r.Limit)); id-- {
				found = append(found, object{
					"type": "message", "id": id, "at": scriptedTime, "room": "lobby", "from": "robot", "via": "tcp",
					"text": fmt.Sprintf("Backup %d <b>done</b>", id),
				})
			}
		}
		return []object{{"type": "search", "ref": r.Ref, "messages": found, "more": len(found) == r.Limit}}
	})
	page := browser.Open(t, s.url)
	expectSummary := func(want string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf(`document.querySelector("#results .summary").textContent === %q`, want))
	}
	expectFocus := func(id string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf(`document.activeElement.id === %q`, id))
	}
	if got := browser.Eval[string](page, `document.querySelector("#words").placeholder`); got != "Search #lobby" {
		t.Errorf("the placeholder is %q", got)
	}

	page.Do(chromedp.SendKeys(chromedp.CSS("#words"), "backup"), browser.Enter(0))
	expectSummary("The newest 30 messages")
	if r := s.await(t, "search"); r.Words != "backup" || r.Before != 0 {
		t.Errorf("got the request %+v", r)
	}
	if got := browser.Eval[string](page, `document.querySelector("#results li:first-child .text").innerText`); got != "Backup 40 <b>done</b>" {
		t.Errorf("the first result is %q", got)
	}
	if got := browser.Eval[string](page, `[...document.querySelectorAll("#results mark")].slice(0, 2).map((m) => m.textContent).join()`); got != "Backup,Backup" {
		t.Errorf("the marked words are %q", got)
	}
	browser.Eval[bool](page, `(document.querySelector("#results .older").click(), true)`)
	expectSummary("40 messages found")
	if r := s.await(t, "search"); r.Before != 11 {
		t.Errorf("got the request %+v for older messages", r)
	}
	browser.Await[bool](page, `document.querySelector("#results .older").hidden && document.activeElement.dataset.id === "10"`)
	page.Do(escape)
	browser.Await[bool](page, `document.querySelector("#results").hidden`)
	expectFocus("words")
	page.Do(escape)
	expectFocus("text")

	page.Say("/search nothing of it")
	expectSummary("Nothing found")
	expectFocus("results")
	if got := browser.Eval[string](page, `document.querySelector("#words").value`); got != "nothing of it" {
		t.Errorf("the search box contains %q", got)
	}
	page.Do(escape)
	expectFocus("text")
}

// TestPageSearchesHistory searches for messages from before a restart of the server.
func TestPageSearchesHistory(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	data := t.TempDir()
	first := harness.StartProgram(t, "--data", data)
	page := browser.Open(t, "http://"+first.HTTP)
	said := []string{"pizza on Friday?", "who brings the drinks", "more Pizza please"}
	for _, text := range said {
		page.Say(text)
	}
	page.ExpectMessages(said)
	page.ExpectPending()
	first.Stop(t)

	second := harness.StartProgram(t, "--data", data)
	page = browser.Open(t, "http://"+second.HTTP)
	page.Do(chromedp.SendKeys(chromedp.CSS("#words"), "PIZZA"), browser.Enter(0))
	browser.Await[bool](page, `document.querySelector("#results .summary").textContent === "2 messages found"`)
	found := browser.Eval[string](page, `[...document.querySelectorAll("#results li .text")].map((e) => e.innerText).join(" / ")`)
	if found != "more Pizza please / pizza on Friday?" {
		t.Errorf("the results are %q", found)
	}
}

// TestPageSearchUnsupported searches on a server that does not support it. The panel says so.
func TestPageSearchUnsupported(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	page := browser.Open(t, startScripted(t, defaultAnswer).url)
	page.Say("/search anything")
	browser.Await[bool](page, `document.querySelector("#results .summary").textContent === "This server cannot search."`)
}

var escape = chromedp.SendKeys(chromedp.CSS(":focus"), "\x1b")
