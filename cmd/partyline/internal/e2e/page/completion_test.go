package page

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// suggested is what the list of suggestions shows, with a > before the selected one.
const suggested = `[...document.querySelectorAll("#completions:not([hidden]) [role=option]")].map((o) => (o.ariaSelected === "true" ? ">" : "") + o.querySelector(".what").textContent).join(" ")`

var box = chromedp.CSS("#text")

// expectBox waits until the box holds a text, with the caret at |.
func expectBox(t *testing.T, page *browser.Page, shown string) {
	t.Helper()
	expect(t, page, `((box) => box.value.slice(0, box.selectionStart) + "|" + box.value.slice(box.selectionEnd))(document.querySelector("#text"))`, shown)
}

func expectSuggested(t *testing.T, page *browser.Page, want string) {
	t.Helper()
	expect(t, page, suggested, want)
}

// expect waits until an expression has a value in the page.
func expect(t *testing.T, page *browser.Page, expression, want string) {
	t.Helper()
	got := browser.Eval[string](page, fmt.Sprintf(`new Promise((done) => {
		const end = performance.now() + %d;
		const check = () => (%s) === %s || performance.now() > end ? done(%[2]s) : setTimeout(check, 20);
		check();
	})`, (harness.Patience/2).Milliseconds(), expression, quote(want)))
	if got != want {
		t.Fatalf("%s is %q, want %q", expression, got, want)
	}
}

// openAmong opens the page as zoe in the lobby, with other members that have spoken in this order.
func openAmong(t *testing.T, names ...string) (*harness.Server, *browser.Page) {
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick zoe")
	page.AwaitNick("zoe")
	for _, name := range names {
		harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick="+name).Request(t, map[string]any{"type": "say", "text": "I am " + name})
		page.Expect("I am " + name)
	}
	return s, page
}

// TestPageCompletesNames completes names with the keyboard, at the start of a line and elsewhere.
func TestPageCompletesNames(t *testing.T) {
	_, page := openAmong(t, "albert", "bob", "alice", "zora")
	page.Do(chromedp.SendKeys(box, "b"+kb.Tab))
	expectBox(t, page, "bob: |")
	page.Do(chromedp.SendKeys(box, "ask @al"))
	expectSuggested(t, page, "alice albert")
	page.Do(chromedp.SendKeys(box, kb.Tab))
	expectSuggested(t, page, ">alice albert")
	page.Do(chromedp.SendKeys(box, kb.Tab))
	expectSuggested(t, page, "alice >albert")
	page.Do(chromedp.SendKeys(box, kb.ArrowDown))
	expectSuggested(t, page, ">alice albert")
	page.Do(chromedp.SendKeys(box, kb.ArrowUp))
	expectSuggested(t, page, "alice >albert")
	page.Do(browser.Enter(0))
	expectBox(t, page, "bob: ask @albert |")
	expectSuggested(t, page, "")
	page.Do(chromedp.SendKeys(box, "or al"+kb.Tab+"i"))
	expectSuggested(t, page, ">alice")
	page.Do(chromedp.SendKeys(box, kb.Tab))
	expectBox(t, page, "bob: ask @albert or alice |")
	page.Do(chromedp.SendKeys(box, "z"+kb.Tab)) // not zoe
	expectBox(t, page, "bob: ask @albert or alice zora |")
	page.Say()
	page.Expect("bob: ask @albert or alice zora ")
}

// TestPageSuggests shows a list of suggestions for a word with a mark before it. Enter sends the text all the same, a
// click chooses, and Escape closes the list.
func TestPageSuggests(t *testing.T) {
	harness.SkipIfShort(t)
	s, page := openAmong(t, "alice", "albert")
	harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=carol&room=offtopic")
	page.Do(chromedp.SendKeys(box, "@al"))
	expectSuggested(t, page, "albert alice")
	page.Say()
	page.Expect("@al")
	expectSuggested(t, page, "")

	page.Do(chromedp.SendKeys(box, "/jo"))
	expectSuggested(t, page, "/join")
	page.Do(chromedp.SendKeys(box, kb.Tab))
	expectBox(t, page, "/join |")
	expectSuggested(t, page, "#lobby #offtopic")
	page.Do(chromedp.SendKeys(box, "#of"))
	expectSuggested(t, page, "#offtopic")
	page.Click("#completions [role=option]")
	expectBox(t, page, "/join #offtopic |")
	page.Say()
	browser.Await[bool](page, `document.title.startsWith("#offtopic ")`)

	page.Do(chromedp.SendKeys(box, "see #l"))
	expectSuggested(t, page, "#lobby")
	page.Do(chromedp.SendKeys(box, kb.Escape))
	expectSuggested(t, page, "")
	page.Do(chromedp.SendKeys(box, "ob"))
	expectBox(t, page, "see #lob|")
	expectSuggested(t, page, "")
	page.Do(chromedp.SendKeys(box, kb.Tab))
	expectBox(t, page, "see #lobby |")
}

// TestPageDoesNotTrapTab presses Tab if there is nothing to complete. The focus moves on.
func TestPageDoesNotTrapTab(t *testing.T) {
	harness.SkipIfShort(t)
	_, page := openAmong(t, "alice", "albert")
	const focused = `document.activeElement.closest("form")?.id + " " + document.activeElement.localName`
	for _, text := range []string{"", "hi ", "nobody", "al" + kb.Tab + kb.Escape} {
		browser.Eval[bool](page, `((box) => { box.value = ""; box.focus(); return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
		page.Do(chromedp.SendKeys(box, text))
		page.Do(chromedp.KeyEvent(kb.Tab))
		if got := browser.Eval[string](page, focused); got != "say-form button" {
			t.Errorf("after Tab in %q, the focus is in %s", text, got)
		}
	}
	browser.Eval[bool](page, `(document.querySelector("#text").focus(), true)`)
	page.Do(chromedp.SendKeys(box, kb.Tab))
	if got := browser.Eval[string](page, typed); strings.Contains(got, "\t") {
		t.Errorf("the box holds %q", got)
	}
}

// TestPageSuggestionsAreAccessible checks the roles and states that a screen reader needs, and that nothing moves when
// the list opens.
func TestPageSuggestionsAreAccessible(t *testing.T) {
	harness.SkipIfShort(t)
	_, page := openAmong(t, "alice", "albert")
	for _, size := range [][2]int64{{1100, 700}, {390, 740}, {320, 256}} {
		page.Do(chromedp.EmulateViewport(size[0], size[1]))
		const places = `JSON.stringify(["#log", "#say-form", "#text"].map((s) => document.querySelector(s).getBoundingClientRect()))`
		browser.Eval[bool](page, `((box) => { box.value = ""; return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
		const state = `(({role, ariaExpanded}, id) => [role, ariaExpanded, id].join(" "))(document.querySelector("#text"), document.querySelector("#text").getAttribute("aria-controls"))`
		page.Do(chromedp.SendKeys(box, "al"))
		closed := browser.Eval[string](page, places)
		page.Do(chromedp.SendKeys(box, kb.Tab))
		expectSuggested(t, page, ">albert alice")
		if open := browser.Eval[string](page, places); open != closed {
			t.Errorf("parts of the page moved from\n%s\nto\n%s", closed, open)
		}
		if got := browser.Eval[string](page, state); got != "combobox true completions" {
			t.Errorf("while the list is open, the box is a %q", got)
		}
		if got := browser.Eval[string](page, `document.getElementById(document.querySelector("#text").getAttribute("aria-activedescendant")).textContent`); got != "albert" {
			t.Errorf("the active descendant is %q", got)
		}
		inside := `((list) => list.top >= 0 && list.left >= 0 && list.right <= innerWidth && list.bottom <= innerHeight)(document.querySelector("#completions").getBoundingClientRect())`
		if !browser.Eval[bool](page, inside) {
			t.Errorf("at %d × %d the list is not inside the window", size[0], size[1])
		}
		page.Do(chromedp.SendKeys(box, kb.Escape))
		expectSuggested(t, page, "")
		if got := browser.Eval[string](page, state); strings.Contains(got, "combobox") || strings.Contains(got, "true") {
			t.Errorf("after Escape, the box is a %q", got)
		}
	}
}

// TestPageCompletesUntrustedNames completes names that contain markup. They are shown as text.
func TestPageCompletesUntrustedNames(t *testing.T) {
	harness.SkipIfShort(t)
	members := []object{}
	for i := range 60 {
		members = append(members, object{"nick": `a<img src=x onerror="alert(` + string(rune('A'+i)) + `)">` + strings.Repeat("<b>", i)})
	}
	s := startScripted(t, func(r request) []object {
		if r.Type != "resume" {
			return defaultAnswer(r)
		}
		return []object{{"type": "welcome", "ref": r.Ref, "room": "lobby", "nick": "zoe", "token": "secret", "members": members, "count": 60, "last": 0}}
	})
	page := browser.Open(t, s.url)
	page.Do(chromedp.SendKeys(box, "a"+kb.Tab))
	browser.Await[bool](page, `document.querySelectorAll("#completions [role=option]").length === 50`)
	if n := browser.Eval[int](page, `document.querySelectorAll("#completions :not(li, span, bdi)").length`); n != 0 {
		t.Errorf("the list has %d other elements", n)
	}
	first := browser.Eval[string](page, `document.querySelector("#completions bdi").textContent`)
	page.Do(browser.Enter(0))
	expectBox(t, page, first+": |")
}

// TestPageWaitsForRooms presses Tab before the server has answered which rooms there are, and without a connection.
func TestPageWaitsForRooms(t *testing.T) {
	harness.SkipIfShort(t)
	answer := make(chan struct{})
	s := startScripted(t, func(r request) []object {
		if r.Type != "rooms" {
			return defaultAnswer(r)
		}
		select {
		case <-answer:
		case <-time.After(harness.Patience):
		}
		return []object{{"type": "rooms", "ref": r.Ref, "rooms": []object{{"room": "ops", "count": 2}, {"room": "lobby", "count": 1}}}}
	})
	page := browser.Open(t, s.url)
	page.Do(chromedp.SendKeys(box, "/join o"+kb.Tab))
	s.await(t, "rooms")
	expectBox(t, page, "/join o|")
	close(answer)
	expectBox(t, page, "/join ops |")
}

// quote writes a text as JavaScript does.
func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}
