package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageFits opens the page on screens of several sizes, in a room with a long name. The log keeps enough space, and
// nothing is cut off at the side.
func TestPageFits(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot&room="+strings.Repeat("r", 32))
	sayMany(t, bot, 0, 50)
	page := browser.Open(t, "http://"+s.HTTP+"/?room="+strings.Repeat("r", 32))
	page.Expect("message 48")
	for _, c := range []struct{ width, height, log int64 }{
		{320, 256, 120},  // 200 % zoom of a small window
		{667, 200, 80},   // a phone on its side, with its keyboard
		{390, 740, 450},  // a phone
		{390, 400, 130},  // a phone with its keyboard
		{820, 1180, 900}, // a tablet
		{1440, 900, 700},
	} {
		page.Do(chromedp.EmulateViewport(c.width, c.height))
		got := browser.Eval[struct{ Log, Beyond int64 }](page, `new Promise((done) => requestAnimationFrame(() => done({
			log: document.querySelector("#log").clientHeight,
			beyond: document.documentElement.scrollWidth - innerWidth,
		})))`)
		if got.Log < c.log || got.Beyond > 0 {
			t.Errorf("at %d × %d the log has %d pixels, want %d, and %d are beyond the side", c.width, c.height, got.Log, c.log, got.Beyond)
		}
	}
}

// TestPageDoesNotJump stops the server. The parts of the page stay in their places, and the header of a tablet has one
// line, as that of a larger screen.
func TestPageDoesNotJump(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	places := func(width, height int64) (places string, header int) {
		window{width, height, "light"}.emulate(page)
		places = browser.Eval[string](page, `JSON.stringify(["#search-form", "#log", "#say-form", "#nick-form", "#room-form"].map((s) => document.querySelector(s).getBoundingClientRect()))`)
		return places, browser.Eval[int](page, `document.querySelector("header").offsetHeight`)
	}
	desktop, height := places(1100, 700)
	tablet, got := places(820, 1000)
	phone, _ := places(390, 740)
	if got != height {
		t.Errorf("the header of a tablet has a height of %d pixels, want %d", got, height)
	}
	s.Stop()
	page.ExpectState("waiting")
	browser.Await[bool](page, `/^in \d+ s$/.test(document.querySelector("#countdown").textContent)`)
	for _, c := range []struct {
		width, height int64
		before        string
	}{{1100, 700, desktop}, {820, 1000, tablet}, {390, 740, phone}} {
		if after, _ := places(c.width, c.height); after != c.before {
			t.Errorf("at %d × %d parts of the page moved from\n%s\nto\n%s", c.width, c.height, c.before, after)
		}
	}
}

// TestPageFoldsLongMessages sends a message of many lines. The page shows its start, and all of it after a click.
func TestPageFoldsLongMessages(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	bot.Request(t, map[string]any{"type": "say", "text": "first" + strings.Repeat("\n", 30) + "last"})
	const height = `document.querySelector("#log .message")?.clientHeight`
	page.Expect("first" + strings.Repeat("\n", 30) + "last")
	folded := browser.Eval[int](page, height)
	page.Click("#log .unfold")
	browser.Await[bool](page, `document.querySelector("#log .unfold") === null`)
	if whole := browser.Eval[int](page, height); folded > 350 || whole < 700 {
		t.Errorf("a message of 31 lines has %d pixels, and %d after a click", folded, whole)
	}
	bot.Request(t, map[string]any{"type": "say", "text": "short"})
	page.Expect("short")
	if n := browser.Eval[int](page, `document.querySelectorAll("#log .unfold").length`); n != 0 {
		t.Errorf("%d messages are folded", n)
	}
}

// TestPageTheme chooses a theme in a browser that prefers the other one. It is that of the next load from the start.
func TestPageTheme(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	page := browser.Visit(t, "about:blank")
	prefer(page, "light", "no-preference")
	page.Do(chromedp.EmulateViewport(1100, 700), chromedp.Navigate("http://"+s.HTTP))
	page.ExpectState("open")
	const background = `getComputedStyle(document.body).backgroundColor`
	const light, dark = "rgb(251, 252, 251)", "rgb(16, 22, 21)"
	expect(t, page, background, light)
	choose := func(theme string) {
		browser.Eval[bool](page, fmt.Sprintf(`((e) => (e.value = %q, e.dispatchEvent(new Event("change"))))(document.querySelector("#theme"))`, theme))
	}
	choose("dark")
	expect(t, page, background, dark)
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	expect(t, page, background, dark)
	expect(t, page, `document.querySelector("#theme").value`, "dark")
	expect(t, page, `getComputedStyle(document.documentElement).colorScheme`, "dark")
	prefer(page, "dark", "no-preference")
	choose("light")
	expect(t, page, background, light)
	choose("")
	expect(t, page, background, dark)
	prefer(page, "light", "no-preference")
	expect(t, page, background, light)

	nc.Say(t, "from a terminal")
	page.Expect("from a terminal")
	page.Say("from the page")
	page.Expect("from the page")
	page.ExpectPending()
	browser.Await[bool](page, `JSON.stringify([...document.querySelectorAll("#log .message .author")].map((e) => e.querySelector(".door")?.title ?? "")) === '["terminal",""]'`)
}
