package page

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// touch makes the page one of a touch screen.
func touch(page *browser.Page) {
	page.Do(chromedp.EmulateViewport(390, 740, chromedp.EmulateMobile, chromedp.EmulateTouch))
	browser.Await[bool](page, `matchMedia("(pointer: coarse)").matches`)
}

// TestPageBreaksLinesByTouch presses Enter on a touch screen. It breaks the line, and the button sends. The box keeps the
// focus, so that the keyboard of the screen stays.
func TestPageBreaksLinesByTouch(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	expect(t, page, `document.querySelector("#text").enterKeyHint`, "send")
	touch(page)
	expect(t, page, `document.querySelector("#text").enterKeyHint`, "enter")
	page.Do(chromedp.SendKeys(box, "one"), browser.Enter(0), chromedp.SendKeys(box, "two"))
	expectBox(t, page, "one\ntwo|")
	page.Click("#say-form > button")
	page.Expect("one\ntwo")
	expect(t, page, `document.activeElement.id`, "text")

	const ctrl = 2
	page.Do(chromedp.SendKeys(box, "with another keyboard"), browser.Enter(ctrl))
	page.Expect("with another keyboard")
}

// TestPageCompletesByTouch chooses a suggestion with a finger.
func TestPageCompletesByTouch(t *testing.T) {
	harness.SkipIfShort(t)
	_, page := openAmong(t, "albert", "alice")
	touch(page)
	page.Do(chromedp.SendKeys(box, "hi @al"))
	expectSuggested(t, page, "alice albert")
	tap(page, "#completions [role=option]:last-child")
	expectBox(t, page, "hi @albert |")
	expect(t, page, `document.activeElement.id`, "text")
}

// tap touches the middle of an element.
func tap(page *browser.Page, selector string) {
	at := browser.Eval[struct{ X, Y float64 }](page, `(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector(`+quote(selector)+`).getBoundingClientRect())`)
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		down := input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at.X, Y: at.Y}}}
		up := input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}}
		_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, down)
		if err == nil {
			_, err = cdp.Call(ctx, target, input.DispatchTouchEvent, up)
		}
		return err
	}))
}
