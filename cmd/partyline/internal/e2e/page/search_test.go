package page

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageSearches looks for words in the box and in the composer: what is found stands in
// the panel, newest first, as text with the words marked.
func TestPageSearches(t *testing.T) {
	t.Parallel()
	s := startScripted(t, func(r request) []object {
		if r.Type != "search" {
			return answerAsUsual(r)
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
	told := func(what string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf(`document.querySelector("#results .told").textContent === %q`, what))
	}
	focused := func(id string) {
		t.Helper()
		browser.Await[bool](page, fmt.Sprintf(`document.activeElement.id === %q`, id))
	}
	if got := browser.Eval[string](page, `document.querySelector("#words").placeholder`); got != "Search #lobby" {
		t.Errorf("the box says %q", got)
	}

	page.Do(chromedp.SendKeys(chromedp.CSS("#words"), "backup"), browser.Enter(0))
	told("The newest 30 messages")
	if r := s.await(t, "search"); r.Words != "backup" || r.Before != 0 {
		t.Errorf("it asks %+v", r)
	}
	if got := browser.Eval[string](page, `document.querySelector("#results li:first-child .text").innerText`); got != "Backup 40 <b>done</b>" {
		t.Errorf("the first is %q", got)
	}
	if got := browser.Eval[string](page, `[...document.querySelectorAll("#results mark")].slice(0, 2).map((m) => m.textContent).join()`); got != "Backup,Backup" {
		t.Errorf("marked is %q", got)
	}
	browser.Eval[bool](page, `(document.querySelector("#results .older").click(), true)`)
	told("40 messages found")
	if r := s.await(t, "search"); r.Before != 11 {
		t.Errorf("for older ones it asks %+v", r)
	}
	browser.Await[bool](page, `document.querySelector("#results .older").hidden && document.activeElement.dataset.id === "10"`)
	page.Do(escape)
	browser.Await[bool](page, `document.querySelector("#results").hidden`)
	focused("words")
	page.Do(escape)
	focused("text")

	page.Say("/search nothing of it")
	told("Nothing found")
	focused("results")
	if got := browser.Eval[string](page, `document.querySelector("#words").value`); got != "nothing of it" {
		t.Errorf("the box holds %q", got)
	}
	page.Do(escape)
	focused("text")
}

// TestPageSearchesHistory finds what was said before the server was last started.
func TestPageSearchesHistory(t *testing.T) {
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
	first.End(t)

	second := harness.StartProgram(t, "--data", data)
	page = browser.Open(t, "http://"+second.HTTP)
	page.Do(chromedp.SendKeys(chromedp.CSS("#words"), "PIZZA"), browser.Enter(0))
	browser.Await[bool](page, `document.querySelector("#results .told").textContent === "2 messages found"`)
	found := browser.Eval[string](page, `[...document.querySelectorAll("#results li .text")].map((e) => e.innerText).join(" / ")`)
	if found != "more Pizza please / pizza on Friday?" {
		t.Errorf("it finds %q", found)
	}
}

// TestPageFindsNoSearch asks a server that knows of none: the panel says so.
func TestPageFindsNoSearch(t *testing.T) {
	t.Parallel()
	page := browser.Open(t, startScripted(t, answerAsUsual).url)
	page.Say("/search anything")
	browser.Await[bool](page, `document.querySelector("#results .told").textContent === "This server cannot search."`)
}

var escape = chromedp.SendKeys(chromedp.CSS(":focus"), "\x1b")
