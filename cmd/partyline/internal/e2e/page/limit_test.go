package page

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

const (
	left      = `document.querySelector("#say-form .left:not([hidden])")?.textContent ?? ""`
	announced = `document.querySelector("#say-form [role=status]").textContent`
	sayError  = `document.querySelector("#say-error").textContent`
)

// TestPageCountsTheRest writes up to the limit of a text and beyond it. The page shows how much is left, tells a screen
// reader of it now and then, and does not send a text that is too long.
func TestPageCountsTheRest(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	write := func(text string) { page.Do(chromedp.SendKeys(box, text)) }
	write("/me ")
	fill := func(text string) {
		browser.Eval[bool](page, `((box) => { box.setRangeText(`+quote(text)+`, box.value.length, box.value.length, "end"); return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
	}
	fill(strings.Repeat("é", 1_638)) // 820 bytes are left
	expect(t, page, left, "")
	write("é")
	expect(t, page, left, "818 left")
	expect(t, page, announced, "818 bytes left")
	write("a")
	expect(t, page, left, "817 left")
	expect(t, page, announced, "818 bytes left")
	fill(strings.Repeat("x", 817))
	expect(t, page, left, "0 left")
	expect(t, page, announced, "0 bytes left")
	write("yz")
	expect(t, page, left, "-2 left")
	expect(t, page, announced, "Too long")
	page.Say()
	expect(t, page, sayError, "Not sent: too long by 2 bytes")
	if browser.Eval[string](page, typed) == "" {
		t.Error("the box is empty")
	}
	page.Do(chromedp.SendKeys(box, "\b\b"))
	expect(t, page, sayError, "")
	page.Say()
	page.Expect(page.Nick() + " " + strings.Repeat("é", 1_639) + "a" + strings.Repeat("x", 817))
	expect(t, page, left, "")
	expect(t, page, announced, "")

	fill(strings.Repeat("x\n", 32) + "x")
	expect(t, page, left, "too long by 1 line")
	page.Say()
	expect(t, page, sayError, "Not sent: too long by 1 line")
}

// TestPageDoesNotKnowTheLimit writes a long text to a server that does not say its limit. The page sends it.
func TestPageDoesNotKnowTheLimit(t *testing.T) {
	harness.SkipIfShort(t)
	s := startScripted(t, defaultAnswer)
	page := browser.Open(t, s.url)
	text := strings.Repeat("x", 5_000)
	browser.Eval[bool](page, `((box) => { box.value = "`+text+`"; return box.dispatchEvent(new Event("input")); })(document.querySelector("#text"))`)
	expect(t, page, left, "")
	page.Say()
	if r := s.await(t, "say"); r.Text != text {
		t.Errorf("the page sends %d bytes", len(r.Text))
	}
}
