package page

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// sayMany lets bot say n numbered messages, of one to three lines, and waits until the last one has an id.
func sayMany(t *testing.T, bot *harness.Bot, from, n int) {
	t.Helper()
	const batch = 64
	for i := 0; i < n; i += batch {
		var texts []string
		for k := i; k < min(i+batch, n); k++ {
			texts = append(texts, fmt.Sprintf("message %d%s", from+k, strings.Repeat("\nand another line", (from+k)%3)))
		}
		bot.Request(t, map[string]any{"type": "say", "texts": texts, "ref": fmt.Sprint("batch", from+i)})
		bot.Expect(t, "the ack", func(e harness.Event) bool { return e.Type == "ack" && e.Ref == fmt.Sprint("batch", from+i) })
	}
}

// startAfter starts a server and lets a bot say n messages, which the history keeps.
func startAfter(t *testing.T, n int) (*harness.Server, *harness.Bot) {
	t.Helper()
	s := harness.StartServer(t, func(c *app.Config) { c.History.Messages = max(c.History.Messages, n) })
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	sayMany(t, bot, 0, n)
	return s, bot
}

// openAfter opens the page of a server on which a bot has said n messages.
func openAfter(t *testing.T, n int) (*browser.Page, *harness.Bot) {
	t.Helper()
	s, bot := startAfter(t, n)
	return browser.Open(t, "http://"+s.HTTP), bot
}

// A place is a message that the reader sees, and how far its text is from the top of the log, in pixels.
type place struct {
	N int
	Y float64
}

const placeOf = `((first) => ({
	n: Number(/\d+/.exec(first.innerText)[0]),
	y: first.getBoundingClientRect().top - document.querySelector("#log").getBoundingClientRect().top,
}))([...document.querySelectorAll("#log .message .text")].find(%s))`

// firstPlace returns the first message that the reader sees, after the log has been scrolled by dy pixels.
func firstPlace(p *browser.Page, dy int) place {
	return browser.Eval[place](p, fmt.Sprintf(`new Promise((done) => {
		const log = document.querySelector("#log");
		log.scrollTop += %d;
		requestAnimationFrame(() => requestAnimationFrame(() => done(`+placeOf+`)));
	})`, dy, "(e) => e.getBoundingClientRect().top >= log.getBoundingClientRect().top"))
}

// placeLater returns where message n is once nothing is loading.
func placeLater(p *browser.Page, n int) place {
	browser.Await[bool](p, `!document.querySelector("#log .start").innerText.includes("Loading")`)
	return browser.Eval[place](p, fmt.Sprintf(`new Promise((done) => setTimeout(() => done(`+placeOf+`), 50))`,
		fmt.Sprintf(`(e) => new RegExp("^message %d\\b").test(e.innerText)`, n)))
}

// TestPageScrollsBack scrolls from the end of a long history to its first message and back. What the reader sees
// never moves by itself, each message is shown, and the page keeps few elements.
func TestPageScrollsBack(t *testing.T) {
	n := 1200
	if testing.Short() {
		n = 400
	}
	scrollBack(t, n)
}

// scrollBack scrolls through a history of n messages, in steps of 600 pixels. It fails the test if what the reader sees
// moves by more than two pixels.
func scrollBack(t *testing.T, n int) {
	t.Helper()
	page, _ := openAfter(t, n)
	page.Expect(fmt.Sprintf("message %d%s", n-1, strings.Repeat("\nand another line", (n-1)%3)))

	seen := make([]bool, n)
	look := func() {
		for _, i := range browser.Eval[[]int](page, `[...document.querySelectorAll("#log .message .text")].map((e) => Number(/\d+/.exec(e.innerText)[0]))`) {
			seen[i] = true
		}
		if count := browser.Eval[int](page, `document.querySelectorAll("#log *").length`); count > 4000 {
			t.Fatalf("the log has %d elements", count)
		}
	}
	move := func(dy int) place {
		t.Helper()
		before := firstPlace(page, dy)
		if after := placeLater(page, before.N); math.Abs(after.Y-before.Y) > 2 {
			t.Fatalf("message %d moved from %v to %v", before.N, before.Y, after.Y)
		}
		look()
		return before
	}
	const page1 = 600
	for last := -1; ; {
		at := move(-page1)
		if at.N == last {
			break
		}
		last = at.N
	}
	if at := firstPlace(page, 0); at.N != 0 {
		t.Fatalf("the first message is %d", at.N)
	}
	for i, ok := range seen {
		if !ok {
			t.Fatalf("message %d was not shown", i)
		}
	}
	if got := browser.Eval[string](page, `document.querySelector("#log .start").innerText`); got != "Nothing earlier" {
		t.Errorf("the start of the log says %q", got)
	}
	for last := -1; ; {
		at := move(page1)
		if at.N == last {
			break
		}
		last = at.N
	}
	browser.Await[bool](page, `document.querySelector("#to-end").hidden`)
	page.Expect(fmt.Sprintf("message %d%s", n-1, strings.Repeat("\nand another line", (n-1)%3)))
}

// drag drags a finger over the log by dy pixels, downwards if dy is positive. Messages arrive meanwhile, if
// meanwhile is not nil.
func drag(dy float64, meanwhile func()) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		const x, y, steps = 300, 200, 10
		touch := func(typ input.DispatchTouchEventType, at ...*input.TouchPoint) error {
			_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: typ, TouchPoints: at})
			return err
		}
		if err := touch(input.DispatchTouchEventTypeTouchStart, &input.TouchPoint{X: x, Y: y}); err != nil {
			return err
		}
		for i := range steps {
			if meanwhile != nil {
				meanwhile()
			}
			if err := touch(input.DispatchTouchEventTypeTouchMove, &input.TouchPoint{X: x, Y: y + dy*float64(i+1)/steps}); err != nil {
				return err
			}
		}
		return touch(input.DispatchTouchEventTypeTouchEnd)
	})
}

// TestPageReaderStays scrolls up while messages arrive. What the reader sees does not move, and a button counts what
// arrives, returns to the end and follows it again.
func TestPageReaderStays(t *testing.T) {
	page, bot := openAfter(t, 200)
	page.Expect("message 198")

	n := 200
	page.Do(drag(100, func() {
		sayMany(t, bot, n, 1)
		n++
	}))
	browser.Await[bool](page, `!document.querySelector("#to-end").hidden`)
	browser.Await[bool](page, `new Promise((done) => {
		const { scrollTop } = document.querySelector("#log");
		setTimeout(() => done(document.querySelector("#log").scrollTop === scrollTop), 200);
	})`) // the log may still move after the finger is lifted
	before := firstPlace(page, 0)
	sayMany(t, bot, n, 400)
	browser.Await[bool](page, `/^4\d\d new messages$/.test(document.querySelector("#to-end").innerText)`)
	if after := placeLater(page, before.N); after != before {
		t.Errorf("the reader saw %+v, and after 400 messages %+v", before, after)
	}

	page.Click("#to-end")
	browser.Await[bool](page, `document.querySelector("#to-end").hidden`)
	page.Expect("message 609")
	sayMany(t, bot, 612, 1)
	page.Expect("message 612")
	browser.Await[bool](page, `(({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(document.querySelector("#log"))`)
}

// TestPageFollowsWhileWriting changes a text of several lines. The log still follows the end, although each change measures
// the text again.
func TestPageFollowsWhileWriting(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	sayMany(t, bot, 0, 100)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Expect("message 99")
	for _, lines := range []int{1, 4, 4, 3, 4, 1} {
		browser.Eval[bool](page, fmt.Sprintf(`(() => {
			const [box, log] = [document.querySelector("#text"), document.querySelector("#log")];
			box.value = "a line\n".repeat(%d);
			box.dispatchEvent(new Event("input"));
			return log.dispatchEvent(new Event("scroll"));
		})()`, lines))
		browser.Await[bool](page, `((log) => log.scrollHeight - log.clientHeight - log.scrollTop <= 2)(document.querySelector("#log"))`)
		if !browser.Eval[bool](page, `document.querySelector("#to-end").hidden`) {
			t.Fatalf("with %d lines the log does not follow the end", lines)
		}
	}
}

// TestPageFollowsAfterReaching scrolls up and back to the end by hand. The page then follows the end again, and the
// button to the end gives its focus to the log.
func TestPageFollowsAfterReaching(t *testing.T) {
	harness.SkipIfShort(t)
	page, bot := openAfter(t, 100)
	page.Expect("message 99")
	page.Do(drag(200, nil))
	browser.Await[bool](page, `!document.querySelector("#to-end").hidden`)
	page.Do(chromedp.Focus(chromedp.CSS("#to-end")), drag(-180, nil), drag(-180, nil))
	browser.Await[bool](page, `document.querySelector("#to-end").hidden`)
	if id := browser.Eval[string](page, `document.activeElement.id`); id != "log" {
		t.Errorf("after the button is hidden, the focus is at %q, want the log", id)
	}
	sayMany(t, bot, 102, 1)
	page.Expect("message 102")
	browser.Await[bool](page, `(({ scrollTop, scrollHeight, clientHeight }) => scrollHeight - scrollTop - clientHeight < 2)(document.querySelector("#log"))`)
}

// TestPageFoldsArrivals shows many arrivals in one line, which a click expands.
func TestPageFoldsArrivals(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	for i := range 6 {
		nc, nick := harness.Netcat(t, s.TCP)
		page.Expect(nick + " has arrived")
		if i == 0 {
			nc.Say(t, "/quit")
			page.Expect(nick + " has left")
		}
	}
	if n := browser.Eval[int](page, `document.querySelectorAll("#log .movements").length`); n != 1 {
		t.Errorf("the page shows %d lines, want 1", n)
	}
	if n := browser.Eval[int](page, `[...document.querySelectorAll("#log .entry")].filter((e) => e.checkVisibility()).length`); n != 0 {
		t.Errorf("the page shows %d of the arrivals before a click", n)
	}
	page.Click("#log .movements summary")
	browser.Await[bool](page, `[...document.querySelectorAll("#log .entry")].filter((e) => e.checkVisibility()).length === 7`)
}
