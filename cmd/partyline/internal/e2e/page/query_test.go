package page

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageTakesQuery opens the page by a link that names a room, a name and a text. The page has the name, the text is in
// the box, and nothing of it is said. A reload does not ask for them again.
func TestPageTakesQuery(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot&room=ops")
	link := "http://" + s.HTTP + "/?" + url.Values{"room": {"ops"}, "nick": {"alice"}, "text": {"/me <b>waves</b>\nand more"}}.Encode() + "#m1"
	page := browser.Open(t, link)
	bot.Expect(t, "the arrival", func(e harness.Event) bool { return e.Type == "join" && e.Nick == "alice" })
	expect(t, page, typed, "/me <b>waves</b>\nand more")
	expect(t, page, `location.search + location.hash`, "?room=ops#m1")
	expect(t, page, `localStorage.getItem("partyline.nick")`, "alice")

	browser.Eval[bool](page, `((box) => { box.value = ""; return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
	page.Say("/nick ally")
	page.AwaitNick("ally")
	bot.Expect(t, "the change of name, and nothing before it", func(e harness.Event) bool {
		if e.Type == "message" || e.Type == "action" {
			t.Errorf("the page says %q", e.Text)
		}
		return e.Type == "nick" && e.To == "ally"
	})
}

// TestPageKeepsItsOwn opens a link in a tab that is a member already, with a draft. The member changes its name, and the
// draft stays.
func TestPageKeepsItsOwn(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	page.Do(chromedp.SendKeys(box, "a draft"))
	page.Do(chromedp.Navigate("http://" + s.HTTP + "/?nick=carol&text=other"))
	page.ExpectState("open")
	bot.Expect(t, "the new name", func(e harness.Event) bool { return e.Type == "nick" && e.Nick == "alice" && e.To == "carol" })
	expect(t, page, typed, "a draft")
	expect(t, page, `localStorage.getItem("partyline.nick")`, "carol")
}

// TestPageIsRefusedQuery opens a link that asks for the name of another member, as a member and as a new one. The page
// shows why it is refused, and remembers what it did before.
func TestPageIsRefusedQuery(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	link := "http://" + s.HTTP + "/?nick=robot"
	page.Do(chromedp.Navigate(link))
	for remembered, page := range map[string]*browser.Page{"alice": page, "nothing": browser.Open(t, link)} {
		browser.Await[bool](page, `document.querySelector("#nick-error").textContent.includes("robot")`)
		expect(t, page, `localStorage.getItem("partyline.nick") ?? "nothing"`, remembered)
	}
}
