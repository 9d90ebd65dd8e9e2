package page

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// watchMarkup makes the page record what no text may do: run a script, or violate the policy.
const watchMarkup = `(window.alert = () => (window.ran = true),
	window.violations = [], document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI)), true)`

// elementsFromMarkup is what no text may make: an element that the page has none or few of, an attribute with code, or a link that
// leads elsewhere than the web.
const elementsFromMarkup = `JSON.stringify({
	counts: Object.fromEntries(("script img svg math iframe object embed base link meta style video audio source marquee template frameset plaintext xmp " +
		"table noscript title form input textarea html body").split(" ").map((name) => [name, document.querySelectorAll(name).length]).filter(([, n]) => n > 0)),
	code: [...document.querySelectorAll("*")].flatMap((e) => [...e.attributes]).filter(({ name }) => /^on|srcdoc|action/.test(name)).map(({ name }) => name),
	links: [...document.querySelectorAll("#log a, #results a, #places a, #people a")].map((a) => new URL(a.href).protocol).filter((p) => !["http:", "https:", "mailto:"].includes(p)),
})`

// TestPageMarkupIsText has a server send texts with markup wherever a text can be. The page shows them as text.
func TestPageMarkupIsText(t *testing.T) {
	harness.SkipIfShort(t)
	data, err := os.ReadFile("../../../../../web/testdata/markup.json")
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil || len(texts) < 60 {
		t.Fatalf("%d texts: %v", len(texts), err)
	}
	var members, messages, rooms, events []object
	for i, text := range texts {
		members = append(members, object{"nick": text, "via": text})
		messages = append(messages, object{"type": "message", "id": i + 1, "at": scriptedTime, "room": "lobby", "from": text, "via": text, "text": text})
		rooms = append(rooms, object{"room": text, "count": 1})
		events = append(events,
			object{"type": "join", "at": scriptedTime, "nick": text, "via": "ws"},
			object{"type": "message", "id": 1000 + 2*i, "at": scriptedTime, "from": text, "text": text + "\nalice"},
			object{"type": "action", "id": 1001 + 2*i, "at": scriptedTime, "from": text, "text": text},
			object{"type": "nick", "at": scriptedTime, "nick": text, "to": text + " 2"},
			object{"type": "leave", "at": scriptedTime, "nick": text + " 2", "text": text},
			object{"type": "notice", "message": text},
			object{"type": "error", "code": text, "message": text},
			object{"type": "private", "at": scriptedTime, "from": text, "to": "alice", "text": text},
		)
	}
	s := startScripted(t, func(r request) []object {
		switch r.Type {
		case "resume":
			return []object{{
				"type": "welcome", "ref": r.Ref, "room": r.Room, "nick": "alice", "token": "secret", "members": append(members, object{"nick": "alice"}),
				"count": len(members) + 1, "last": len(messages),
			}}
		case "history":
			return []object{{"type": "history", "ref": r.Ref, "messages": messages, "more": false}}
		case "search":
			return []object{{"type": "search", "ref": r.Ref, "messages": messages, "more": false}}
		case "rooms":
			return []object{{"type": "rooms", "ref": r.Ref, "rooms": rooms}}
		case "who":
			return []object{{"type": "who", "ref": r.Ref, "members": members, "count": len(members)}}
		case "say":
			last := object{"type": "message", "id": 5000, "at": scriptedTime, "from": "alice", "text": r.Text}
			return append(append([]object{{"type": "ack", "ref": r.Ref, "key": r.Key, "id": 5000}}, events...), last)
		}
		return []object{{"type": "error", "ref": r.Ref, "code": "x", "message": texts[0]}}
	})
	page := browser.Visit(t, s.url)
	page.Do(chromedp.EmulateViewport(1100, 700))
	browser.Eval[bool](page, watchMarkup)
	page.ExpectState("open")
	before := browser.Eval[string](page, elementsFromMarkup)
	check := func(place string) {
		t.Helper()
		if after := browser.Eval[string](page, elementsFromMarkup); after != before {
			t.Errorf("%s: the page has %s, and had %s", place, after, before)
		}
		if browser.Eval[bool](page, `"ran" in window`) {
			t.Errorf("%s: a script ran", place)
		}
		if violations := browser.Eval[[]string](page, `window.violations`); len(violations) > 0 {
			t.Errorf("%s: %v", place, violations)
		}
	}
	browser.Await[bool](page, `document.querySelectorAll("#log .message").length >= 50 && document.querySelectorAll("#members li").length > 60`)
	check("history and members")
	complete := func(typed string) {
		t.Helper()
		browser.Eval[bool](page, `((e) => (e.value = "", e.dispatchEvent(new Event("input"))))(document.querySelector("#text"))`)
		page.Do(chromedp.SendKeys(chromedp.CSS("#text"), typed))
		browser.Await[bool](page, `document.querySelectorAll("#completions [role=option]").length > 10`)
		check("completion of " + typed)
		browser.Eval[bool](page, `((e) => (e.value = "", e.dispatchEvent(new Event("input"))))(document.querySelector("#text"))`)
	}
	complete("@")
	page.Say("go")
	page.Expect("go")
	check("events")
	browser.Await[bool](page, `document.querySelectorAll("#conversations li").length > 50`)
	for i := range 5 {
		browser.Eval[bool](page, fmt.Sprintf(`(document.querySelectorAll("#conversations .open")[%d].click(), true)`, 10*i+1))
		check("a private conversation")
	}
	page.Show("#lobby")
	page.Say("/who")
	page.Say("/rooms")
	page.Say("/search x")
	browser.Await[bool](page, `document.querySelectorAll("#results li").length >= 60`)
	check("search results")
	browser.Eval[bool](page, `(document.querySelector("#other-rooms").open = true)`)
	browser.Await[bool](page, `document.querySelectorAll("#other-rooms li").length >= 60`)
	complete("/join ")

	// What is in the address and in the storage of the browser.
	for i := 0; i < len(texts); i += 20 {
		query := url.Values{"text": {texts[i]}, "nick": {texts[i+1]}, "room": {texts[i+2]}, "with": {texts[i+3]}}
		page.Do(chromedp.Navigate(s.url + "/?" + query.Encode() + "#" + url.PathEscape(texts[i+4])))
		browser.Eval[bool](page, watchMarkup)
		page.ExpectState("open")
		check(fmt.Sprintf("an address with %q", texts[i:i+5]))
	}
}
