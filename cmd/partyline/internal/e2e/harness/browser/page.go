package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// Page is partyline's page in a browser. An exception in the page fails the test.
type Page struct {
	t   *testing.T
	Ctx context.Context
}

// Open opens the page and waits until it is connected.
func Open(t *testing.T, url string) *Page {
	t.Helper()
	p := Visit(t, url)
	p.ExpectState("open")
	return p
}

// Visit opens any page.
func Visit(t *testing.T, url string) *Page {
	t.Helper()
	p := attach(t, needBrowser(t), chromedp.WithNewBrowserContext())
	p.Do(chromedp.Navigate(url))
	return p
}

// Duplicate opens the page in another tab, which starts with a copy of the session storage, and waits until it
// is connected.
func (p *Page) Duplicate() *Page {
	p.t.Helper()
	opened := chromedp.WaitNewTarget(p.Ctx, func(info *target.Info) bool { return info.Type == "page" })
	Eval[bool](p, `open(location.href) !== null`)
	duplicate := attach(p.t, p.Ctx, chromedp.WithTargetID(<-opened))
	duplicate.ExpectState("open")
	return duplicate
}

// attach returns the page in a tab, which is closed at the end of the test.
func attach(t *testing.T, parent context.Context, tab chromedp.ContextOption) *Page {
	t.Helper()
	ctx, _ := chromedp.NewContext(parent, tab)
	t.Cleanup(func() { chromedp.Cancel(ctx) })
	err := chromedp.Listen(ctx, func(ev any) {
		if thrown, ok := ev.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page threw: %s", quote(thrown.ExceptionDetails))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Page{t, ctx}
}

// Do runs steps in the page.
func (p *Page) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, harness.Patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Eval returns the value of an expression in the page.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, expression)
	if err != nil {
		p.t.Fatalf("%s in the page: %v", expression, err)
	}
	return v
}

// Await waits until an expression is true in the page, and returns its value. It does not use the polling of
// chromedp, which needs eval: the page's content security policy forbids eval.
func Await[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, fmt.Sprintf(`new Promise((done) => {
		const check = () => { const v = (%s); v ? done(v) : setTimeout(check, 20); };
		check();
	})`, expression))
	if err != nil {
		p.t.Fatalf("%s did not become true: %v\nThe log shows\n%s", expression, err, p.log())
	}
	return v
}

// AwaitPaint waits until the page has painted what it has changed so far, and has handled the scrolling before that.
func (p *Page) AwaitPaint() {
	p.t.Helper()
	Eval[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

func evaluate[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.Ctx, harness.Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// ExpectState waits for a state of the connection.
func (p *Page) ExpectState(state string) {
	p.t.Helper()
	Await[bool](p, fmt.Sprintf("document.body?.dataset.state === %q", state))
}

// Entry is an entry of the page's log, as it is displayed.
type Entry struct {
	Kind, From, Text string
	Own              bool
}

// The text of an entry within a closed line of arrivals is not rendered.
const entries = `[...document.querySelectorAll("#log .entry")].map((e) => ({
	kind: e.dataset.kind, from: e.dataset.from ?? "", own: e.classList.contains("own"),
	text: e.checkVisibility() ? e.querySelector(".text").innerText : e.querySelector(".text").textContent,
}))`

func (p *Page) entries() []Entry {
	p.t.Helper()
	return Eval[[]Entry](p, entries)
}

// Expect waits until the log shows a text, and returns its first entry.
func (p *Page) Expect(text string) Entry {
	p.t.Helper()
	quoted, _ := json.Marshal(text)
	return Await[Entry](p, fmt.Sprintf("%s.find((e) => e.text === %s)", entries, quoted))
}

// log returns the text of the log, for failure messages.
func (p *Page) log() string {
	text, err := evaluate[string](p, `document.getElementById("log")?.innerText ?? ""`)
	if err != nil {
		return err.Error()
	}
	return text
}

// Nick returns the nickname of the page.
func (p *Page) Nick() string {
	p.t.Helper()
	return Eval[string](p, `document.getElementById("nick").value`)
}

// Show shows one of the open conversations: a room, such as #ops, or the private conversation with a person.
func (p *Page) Show(label string) {
	p.t.Helper()
	Await[bool](p, fmt.Sprintf(`[...document.querySelectorAll("#conversations .open")].some((e) =>
		e.querySelector(".label").textContent === %q && (e.click(), e.ariaCurrent === "page"))`, label))
}

// Say types a message of one or more lines and sends it. Without lines it sends the text in the composer.
func (p *Page) Say(lines ...string) {
	p.t.Helper()
	box := chromedp.CSS("#text")
	for i, line := range lines {
		if i > 0 {
			p.Do(Enter(shift))
		}
		p.Do(chromedp.SendKeys(box, line))
	}
	p.Do(Enter(0))
}

const shift = 8 // the modifier in the DevTools protocol

// Enter presses the Enter key with modifiers of the DevTools protocol. It types a line break unless the page
// prevents that.
func Enter(modifiers int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, typ := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: typ, Key: "Enter", Code: "Enter", Text: "\r",
				WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13, Modifiers: modifiers,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// SayNumbered says n messages "PREFIX N" with N from 0, without waiting for them, and returns them.
func (p *Page) SayNumbered(prefix string, n int) (said []string) {
	p.t.Helper()
	for i := range n {
		said = append(said, fmt.Sprint(prefix, " ", i))
		p.Say(said[i])
	}
	return said
}

// ExpectPending waits until the page shows these messages as pending, and no other.
func (p *Page) ExpectPending(texts ...string) {
	p.t.Helper()
	if texts == nil {
		texts = []string{}
	}
	Await[bool](p, fmt.Sprintf(`JSON.stringify([...document.querySelectorAll("#log .pending > .own .text")]
		.map((e) => e.innerText)) === JSON.stringify(%s)`, quote(texts)))
}

// AwaitNick waits until the page has a nickname, and returns the text of the last notice about a nickname.
func (p *Page) AwaitNick(nick string) string {
	p.t.Helper()
	return Await[string](p, fmt.Sprintf(
		`document.getElementById("nick").value === %q && %s.findLast((e) => e.kind === "nick")?.text`, nick, entries))
}

// ExpectMessages waits for the last of the messages, and checks that the page shows these messages in
// this order, and no other.
func (p *Page) ExpectMessages(want []string) {
	p.t.Helper()
	p.Expect(want[len(want)-1])
	var got []string
	for _, e := range p.entries() {
		if e.Kind == "message" {
			got = append(got, e.Text)
		}
	}
	if !slices.Equal(got, want) {
		p.t.Errorf("the page shows\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// quote writes a value as JavaScript does.
func quote(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
