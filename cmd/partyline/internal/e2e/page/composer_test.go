package page

import (
	"encoding/json"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

const typed = `document.querySelector("#text").value`

// TestPageKeepsDrafts leaves a text in the box of one room and goes to another one and back, and reloads the page. Each
// room keeps its draft.
func TestPageKeepsDrafts(t *testing.T) {
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	join := func(room string) {
		browser.Eval[bool](page, `(document.querySelector("#room").value = "`+room+`", document.querySelector("#room-form").requestSubmit(), true)`)
		browser.Await[bool](page, `document.title.startsWith("#`+room+` ")`)
	}
	box := chromedp.CSS("#text")
	page.Do(chromedp.SendKeys(box, "for the lobby"))
	join("ops")
	browser.Await[bool](page, typed+` === ""`)
	page.Do(chromedp.SendKeys(box, "for ops"))
	join("lobby")
	browser.Await[bool](page, typed+` === "for the lobby"`)
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	browser.Await[bool](page, typed+` === "for the lobby"`)
	page.Say()
	page.Expect("for the lobby")
	join("ops")
	browser.Await[bool](page, typed+` === "for ops"`)
	join("lobby")
	browser.Await[bool](page, typed+` === ""`)
}

// TestPageWritesAhead writes on before the server has answered a /join, another command or a text. The text is for the
// new room, or for the old one if the server refuses the new one.
func TestPageWritesAhead(t *testing.T) {
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	write := func(text string, commands ...string) {
		t.Helper()
		list, err := json.Marshal(commands)
		if err != nil {
			t.Fatal(err)
		}
		browser.Eval[bool](page, `(() => {
			const box = document.querySelector("#text");
			for (box.value of `+string(list)+`) box.form.requestSubmit();
			box.value += "`+text+`";
			return box.dispatchEvent(new Event("input"));
		})()`)
	}
	write("for ops", "/join dev", "/join ops")
	browser.Await[bool](page, `document.title.startsWith("#ops ")`)
	if text := browser.Eval[string](page, typed); text != "for ops" {
		t.Errorf("in the new room, the box holds %q", text)
	}
	page.Say()
	page.Expect("for ops")
	write("not lost", "/join no/room")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .error")].some((e) => e.textContent.includes("no/room"))`)
	if text := browser.Eval[string](page, typed); text != "not lost" {
		t.Errorf("after a refusal, the box holds %q", text)
	}
}

// TestPageRecalls presses the arrow keys in an empty box. They return to what was said.
func TestPageRecalls(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	box := chromedp.CSS("#text")
	page.Say("one")
	page.Say("two", "lines")
	page.Expect("two\nlines")
	page.Do(chromedp.SendKeys(box, kb.ArrowUp))
	browser.Await[bool](page, typed+` === "two\nlines"`)
	page.Do(chromedp.SendKeys(box, kb.ArrowUp+kb.ArrowUp+kb.ArrowUp))
	browser.Await[bool](page, typed+` === "one"`)
	page.Do(chromedp.SendKeys(box, kb.ArrowDown+kb.ArrowDown))
	browser.Await[bool](page, typed+` === ""`)
	page.Do(chromedp.SendKeys(box, "new"+kb.ArrowUp))
	browser.Await[bool](page, typed+` === "new"`)
}

// TestPageCommands types the commands that the page answers itself.
func TestPageCommands(t *testing.T) {
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot&room=ops")
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	page.Say("/who")
	page.Expect("1 here: alice")
	page.Say("/rooms")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .told .text")].some((e) => /^#ops {2}1 here$/m.test(e.textContent) && /^#lobby {2}1 here$/m.test(e.textContent))`)
	page.Say("/help")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .told .text")].some((e) => /^\/msg NAME TEXT$/m.test(e.textContent))`)
	page.Say("after the answers")
	page.Expect("after the answers")
	if n := browser.Eval[int](page, `document.querySelectorAll("#log .day").length`); n != 1 {
		t.Errorf("the log begins %d days", n)
	}
	page.Say("/join ops")
	bot.Expect(t, "the arrival", func(e harness.Event) bool { return e.Type == "join" && e.Nick == "alice" })
	page.Say("/quit so long")
	if left := bot.Expect(t, "the leave", func(e harness.Event) bool { return e.Type == "leave" }); left.Text != "so long" {
		t.Errorf("the page leaves with %q", left.Text)
	}
	page.ExpectState("closed")
}
