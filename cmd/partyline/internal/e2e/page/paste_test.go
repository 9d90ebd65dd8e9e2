package page

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// paste copies a text and pastes it at the caret, as the keyboard does. A page may copy after the reader has done
// something in it.
func paste(page *browser.Page, text string) {
	browser.Await[bool](page, `((text) => {
		const [box, source] = [document.activeElement, document.createElement("textarea")];
		document.body.append(source);
		source.value = text;
		source.select();
		const copied = document.execCommand("copy");
		source.remove();
		box.focus();
		return copied;
	})(`+quote(text)+`)`)
	page.Do(edit("paste", "v"))
}

// edit runs a command of the editor, with the key for it.
func edit(command, key string) chromedp.Action[chromedp.Void] {
	const ctrl = 2
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Key: key, Modifiers: ctrl, Commands: []string{command},
		})
		return err
	})
}

const answers = `[...document.querySelectorAll("#say-form .question:not([hidden]) button")].map((b) => b.textContent).join(", ")`

func expectAnswers(t *testing.T, page *browser.Page, want string) {
	t.Helper()
	expect(t, page, answers, want)
}

func choose(page *browser.Page, answer string) {
	browser.Await[bool](page, fmt.Sprintf(`((b) => b && (b.focus(), document.activeElement === b))([...document.querySelectorAll(".question button")].find((b) => b.textContent === %q))`, answer))
	page.Do(browser.Enter(0))
}

// TestPageAsksAboutPaste pastes several lines, and answers with the keyboard what they become.
func TestPageAsksAboutPaste(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.SendKeys(box, "one line: "))
	paste(page, "just one\n")
	expectBox(t, page, "one line: just one\n|")
	expectAnswers(t, page, "")
	page.Say()
	page.Expect("one line: just one")

	paste(page, "one\n\n/quit\nthree\n")
	expectAnswers(t, page, "One message, Send 3 messages, Code block")
	browser.Await[bool](page, `document.activeElement.textContent === "One message"`)
	page.Do(browser.Enter(0))
	expectAnswers(t, page, "")
	expectBox(t, page, "one\n\n/quit\nthree\n|")
	expect(t, page, `document.activeElement.id`, "text")
	page.Do(edit("undo", "z"))
	expectBox(t, page, "|")

	paste(page, "one\n\n/quit\nthree\n")
	choose(page, "Send 3 messages")
	page.Expect("three")
	expectBox(t, page, "|")
	page.ExpectMessages([]string{"one line: just one", "one", "/quit", "three"})

	paste(page, "if x:\n\ty()")
	choose(page, "Code block")
	expectBox(t, page, "```\nif x:\n\ty()\n```|")
	page.Say()
	browser.Await[bool](page, `[...document.querySelectorAll("#log .block code")].some((c) => c.textContent === "if x:\n\ty()")`)
}

// TestPagePastesIntoText pastes several lines into a text. They can't be messages of their own. The text stays as it is
// after Escape, and when the reader types on.
func TestPagePastesIntoText(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.SendKeys(box, "see  there"+strings.Repeat(kb.ArrowLeft, 6)))
	paste(page, "one\ntwo")
	expectAnswers(t, page, "One message, Code block")
	page.Do(chromedp.KeyEvent(kb.Escape))
	expectAnswers(t, page, "")
	expectBox(t, page, "see one\ntwo| there")

	page.Do(edit("undo", "z"))
	expectBox(t, page, "see | there")
	paste(page, "one\ntwo")
	expectAnswers(t, page, "One message, Code block")
	page.Do(chromedp.KeyEvent("?"))
	expectAnswers(t, page, "")
	expectBox(t, page, "see one\ntwo?| there")

	page.Do(edit("undo", "z"), edit("undo", "z"))
	expectBox(t, page, "see | there")
	paste(page, "one\ntwo")
	choose(page, "Code block")
	expectBox(t, page, "see \n```\none\ntwo\n```\n| there")
	page.Do(edit("undo", "z"))
	browser.Await[bool](page, `!`+typed+`.includes("`+"```"+`")`)
}

// TestPageOffersWhatFits pastes texts that exceed the limits of the server.
func TestPageOffersWhatFits(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Do(chromedp.EmulateViewport(320, 256), chromedp.SendKeys(box, "some text"))
	for _, c := range []struct{ text, answers string }{
		{strings.Repeat("x\n", 32), "One message, Send 32 messages"},
		{strings.Repeat("x\n", 64), "Edit it first, Send 64 messages"},
		{strings.Repeat("x\n", 65), ""},
		{"x\n" + strings.Repeat("y", 4_090), "One message, Send 2 messages"},
		{"x\n" + strings.Repeat("y", 4_096), "Edit it first, Send 2 messages"},
		{"x\n" + strings.Repeat("y", 4_097), ""},
		{"a\n```\nb", "One message, Send 3 messages"},
	} {
		browser.Eval[bool](page, `((box) => { box.value = ""; box.focus(); return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
		paste(page, c.text)
		browser.Await[bool](page, fmt.Sprintf(`document.querySelector("#text").value.length === %d`, len(c.text)))
		expectAnswers(t, page, c.answers)
		browser.Await[bool](page, `[...document.querySelectorAll(".question button")].map((b) => b.getBoundingClientRect()).every((r) => r.top >= 0 && r.left >= 0 && r.right <= innerWidth)`)
	}
}
