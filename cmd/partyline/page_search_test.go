package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPageSearches looks for words in the box and in the composer: what is found stands in
// the panel, newest first, as text with the words marked.
func TestPageSearches(t *testing.T) {
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
	page := openPage(t, s.url)
	told := func(what string) {
		t.Helper()
		until[bool](page, fmt.Sprintf(`document.querySelector("#results .told").textContent === %q`, what))
	}
	focused := func(id string) {
		t.Helper()
		until[bool](page, fmt.Sprintf(`document.activeElement.id === %q`, id))
	}
	if got := ask[string](page, `document.querySelector("#words").placeholder`); got != "Search #lobby" {
		t.Errorf("the box says %q", got)
	}

	page.do(chromedp.SendKeys(chromedp.CSS("#words"), "backup"), enter(0))
	told("The newest 30 messages")
	if r := s.await(t, "search"); r.Words != "backup" || r.Before != 0 {
		t.Errorf("it asks %+v", r)
	}
	if got := ask[string](page, `document.querySelector("#results li:first-child .text").innerText`); got != "Backup 40 <b>done</b>" {
		t.Errorf("the first is %q", got)
	}
	if got := ask[string](page, `[...document.querySelectorAll("#results mark")].slice(0, 2).map((m) => m.textContent).join()`); got != "Backup,Backup" {
		t.Errorf("marked is %q", got)
	}
	ask[bool](page, `(document.querySelector("#results .older").click(), true)`)
	told("40 messages found")
	if r := s.await(t, "search"); r.Before != 11 {
		t.Errorf("for older ones it asks %+v", r)
	}
	until[bool](page, `document.querySelector("#results .older").hidden && document.activeElement.dataset.id === "10"`)
	page.do(escape)
	until[bool](page, `document.querySelector("#results").hidden`)
	focused("words")
	page.do(escape)
	focused("text")

	page.say("/search nothing of it")
	told("Nothing found")
	focused("results")
	if got := ask[string](page, `document.querySelector("#words").value`); got != "nothing of it" {
		t.Errorf("the box holds %q", got)
	}
	page.do(escape)
	focused("text")
}

// TestPageSearchesHistory finds what was said before the server was last started.
func TestPageSearchesHistory(t *testing.T) {
	data := t.TempDir()
	first := startProgram(t, "--data", data)
	page := openPage(t, "http://"+first.http)
	said := []string{"pizza on Friday?", "who brings the drinks", "more Pizza please"}
	for _, text := range said {
		page.say(text)
	}
	page.expectTold(said)
	page.expectPending()
	first.end(t)

	second := startProgram(t, "--data", data)
	page = openPage(t, "http://"+second.http)
	page.do(chromedp.SendKeys(chromedp.CSS("#words"), "PIZZA"), enter(0))
	until[bool](page, `document.querySelector("#results .told").textContent === "2 messages found"`)
	found := ask[string](page, `[...document.querySelectorAll("#results li .text")].map((e) => e.innerText).join(" / ")`)
	if found != "more Pizza please / pizza on Friday?" {
		t.Errorf("it finds %q", found)
	}
}

// TestPageFindsNoSearch asks a server that knows of none: the panel says so.
func TestPageFindsNoSearch(t *testing.T) {
	page := openPage(t, startScripted(t, answerAsUsual).url)
	page.say("/search anything")
	until[bool](page, `document.querySelector("#results .told").textContent === "This server cannot search."`)
}

var escape = chromedp.SendKeys(chromedp.CSS(":focus"), "\x1b")
