package page

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageTabStops presses Tab from the start of the page to its end. The stops follow the places of the parts, each
// has a visible focus, and Shift+Tab goes back to them.
func TestPageTabStops(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	for _, w := range []window{{1100, 700, "light"}, {390, 740, "dark"}} {
		t.Run(fmt.Sprint(w.width, " pixels"), func(t *testing.T) {
			page := openEntries(t)
			w.emulate(page)
			// The stops in the parts of the page, in their order.
			const part = `document.activeElement.closest("#room-form, #search-form, #places, #log, #to-end, #people, #nick-form, #say-form")?.id ?? ""`
			browser.Eval[bool](page, `(document.activeElement.blur(), document.querySelector("h1").tabIndex = -1, document.querySelector("h1").focus(), true)`)
			const toEnd = "to-end" // it is shown while the end of the log is not, which depends on the last stop
			var parts, stops []string
			for range 60 {
				page.AwaitPaint() // the stop before may have scrolled to the end, which hides the button
				page.Do(chromedp.KeyEvent(kb.Tab))
				at := browser.Eval[struct{ Part, Stop, Focus string }](page, `((e) => {
					const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(e);
					const { width, height } = e.getBoundingClientRect();
					const visible = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !outlineColor.endsWith(", 0)") && width > 1 && height > 1;
					return { part: `+part+`, stop: e.id || e.className || e.tagName, focus: visible ? "" : [outlineStyle, outlineWidth, outlineColor, width, height].join(" ") };
				})(document.activeElement)`)
				if at.Part == "" {
					break
				}
				if at.Focus != "" {
					t.Errorf("the focus of %s in %s is not visible: %s", at.Stop, at.Part, at.Focus)
				}
				if at.Stop == toEnd {
					continue
				}
				stops = append(stops, at.Stop)
				if len(parts) == 0 || parts[len(parts)-1] != at.Part {
					parts = append(parts, at.Part)
				}
			}
			if got, want := strings.Join(parts, " "), "room-form search-form places log people nick-form say-form"; got != want {
				t.Errorf("Tab goes to %s, want %s; the stops are %s", got, want, strings.Join(stops, ", "))
			}
			page.Do(chromedp.Focus(chromedp.CSS("#say-form > button")))
			for i := len(stops) - 2; i >= 0; i-- {
				back := func() string {
					page.AwaitPaint()
					page.Do(chromedp.KeyEvent(kb.Tab, chromedp.KeyModifiers(chromedp.ModifierShift)))
					return browser.Eval[string](page, `((e) => e.id || e.className || e.tagName)(document.activeElement)`)
				}
				got := back()
				if got == toEnd {
					got = back()
				}
				if got != stops[i] {
					t.Fatalf("Shift+Tab goes to %s, want %s", got, stops[i])
				}
			}
		})
	}
}

// TestPageWithoutMotion looks for animations and transitions while the page connects. There are none for a reader that
// prefers reduced motion.
func TestPageWithoutMotion(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+s.HTTP)
	s.Stop()
	page.ExpectState("waiting")
	const moving = `[...document.querySelectorAll("*")].flatMap((e) => ["", "::before", "::after"].flatMap((pseudo) => {
		const { animationName, animationDuration, transitionDuration, scrollBehavior } = getComputedStyle(e, pseudo);
		const lasts = (times) => times.split(", ").some((time) => parseFloat(time) > 0.001);
		const moves = (animationName !== "none" && lasts(animationDuration)) || lasts(transitionDuration) || scrollBehavior === "smooth";
		return moves ? [e.tagName + "#" + e.id + pseudo] : [];
	}))`
	prefer(page, "light", "reduce")
	if got := browser.Eval[[]string](page, moving); len(got) > 0 {
		t.Errorf("these move: %s", strings.Join(got, ", "))
	}
	prefer(page, "light", "no-preference")
	if got := browser.Eval[[]string](page, moving); len(got) == 0 {
		t.Error("nothing moves for other readers")
	}
}

// TestPageTargets measures what the reader can click on. Controls have at least 24 × 24 pixels; a checkbox has its
// label. Links in texts may be smaller.
func TestPageTargets(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	page := openEntries(t)
	for _, w := range []window{{1100, 700, "light"}, {320, 640, "light"}} {
		w.emulate(page)
		browser.Eval[bool](page, `document.querySelector("#people").open = true`)
		small := browser.Eval[[]string](page, `[...document.querySelectorAll("button, input, textarea, summary")].flatMap((e) => {
			const { width, height } = (e.type === "checkbox" ? e.closest("label") : e).getBoundingClientRect();
			return width > 0 && (width < 24 || height < 24) ? [[e.tagName, e.id || e.className || e.name, width, "×", height].join(" ")] : [];
		})`)
		if len(small) > 0 {
			t.Errorf("at %d pixels these are too small: %s", w.width, strings.Join(small, ", "))
		}
	}
}

// TestPageAnnouncesOnce sends messages while the log shows them. A screen reader finds each once in a live region, with
// its author, and no other live region has the log.
func TestPageAnnouncesOnce(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartServer(t, nil)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)
	bot.Say(t, "1", "first news")
	bot.Say(t, "2", "second news")
	page.Expect("second news")
	page.Say("my own news")
	page.Expect("my own news")

	var spoken map[string]int
	harness.Eventually(func() bool { // the tree follows the page a moment later
		spoken = make(map[string]int)
		for _, text := range liveTexts(t, page) {
			if strings.Contains(text, "news") {
				spoken[text]++
			}
		}
		return len(spoken) == 3
	})
	for _, want := range []string{"robot: first news", "robot: second news", page.Nick() + ": my own news"} {
		if spoken[want] != 1 || len(spoken) != 3 {
			t.Errorf("%q is %d times in the live regions, which have %v", want, spoken[want], spoken)
		}
	}
}

// liveTexts returns the texts in the live regions of the accessibility tree.
func liveTexts(t *testing.T, page *browser.Page) (texts []string) {
	t.Helper()
	var nodes []*accessibility.Node
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err == nil {
			nodes = got.Nodes
		}
		return err
	}))
	byID := make(map[accessibility.NodeID]*accessibility.Node)
	for _, n := range nodes {
		byID[n.NodeID] = n
	}
	for _, n := range nodes {
		if n.Role != nil && string(n.Role.Value) == `"StaticText"` && isLive(byID, n) {
			var text string
			if err := json.Unmarshal(n.Name.Value, &text); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
	}
	return texts
}

// isLive reports whether a node is in a live region, by the nearest node that says so.
func isLive(byID map[accessibility.NodeID]*accessibility.Node, n *accessibility.Node) bool {
	for ; n != nil; n = byID[n.ParentID] {
		for _, p := range n.Properties {
			if p.Name == accessibility.PropertyNameLive {
				return string(p.Value.Value) != `"off"`
			}
		}
	}
	return false
}
