package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is one Chromium for all tests, started by the first that needs it. Each page
// gets a profile of its own in it, so that they know nothing of one another.
var browser struct {
	ctx   context.Context
	dir   string
	close context.CancelFunc
}

func needBrowser(t *testing.T) context.Context {
	t.Helper()
	if browser.ctx != nil {
		return browser.ctx
	}
	path := needProgram(t, "chromium", "chromium-browser", "google-chrome")
	dir, err := os.MkdirTemp("", "partyline-browser-")
	if err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.Env("TMPDIR="+dir),
		chromedp.DisableGPU,
		chromedp.Flag("no-sandbox", os.Geteuid() == 0), // which root can't have
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	allocator, free := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ := chromedp.NewContext(allocator)
	browser.dir = dir
	browser.close = func() {
		late, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		chromedp.Cancel(late)
		free()
	}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	browser.ctx = ctx
	return ctx
}

func closeBrowser() {
	if browser.close == nil {
		return
	}
	browser.close()
	// Helpers of the browser may still write as it ends.
	for late := time.Now().Add(5 * time.Second); os.RemoveAll(browser.dir) != nil && time.Now().Before(late); {
		time.Sleep(20 * time.Millisecond)
	}
}

// page is partyline's page in a browser. Nothing may throw in it.
type page struct {
	t   *testing.T
	ctx context.Context
}

// openPage opens the page and waits until it is on the line.
func openPage(t *testing.T, url string) *page {
	t.Helper()
	ctx, _ := chromedp.NewContext(needBrowser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(func() { chromedp.Cancel(ctx) })
	p := &page{t, ctx}
	err := chromedp.Listen(ctx, func(ev any) {
		if thrown, ok := ev.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page threw: %+v", thrown.ExceptionDetails)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(url))
	p.expectState("open")
	return p
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// ask returns the value of an expression in the page.
func ask[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, expression)
	if err != nil {
		p.t.Fatalf("asked for %s the page answers: %v", expression, err)
	}
	return v
}

// until waits until an expression is true in the page, and returns what it is then. The
// page is asked from outside: its policy forbids code that is made of text.
func until[T any](p *page, expression string) T {
	p.t.Helper()
	v, err := evaluate[T](p, fmt.Sprintf(`new Promise((done) => {
		const look = () => { const v = (%s); v ? done(v) : setTimeout(look, 20); };
		look();
	})`, expression))
	if err != nil {
		p.t.Fatalf("it did not come to %s: %v\nThe log shows\n%s", expression, err, p.log())
	}
	return v
}

func evaluate[T any](p *page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func (p *page) expectState(state string) {
	p.t.Helper()
	until[bool](p, fmt.Sprintf("document.body?.dataset.state === %q", state))
}

// entry is one thing that the page's log shows, as a person sees it.
type entry struct {
	Kind, From, Text string
	Own              bool
}

const entries = `[...document.querySelectorAll("#log > .entry")].map((e) => ({
	kind: e.dataset.kind, from: e.dataset.from ?? "", own: e.classList.contains("own"),
	text: e.querySelector(".text").innerText,
}))`

func (p *page) entries() []entry {
	p.t.Helper()
	return ask[[]entry](p, entries)
}

// expect waits until the log shows a text, and returns its first entry.
func (p *page) expect(text string) entry {
	p.t.Helper()
	quoted, _ := json.Marshal(text)
	return until[entry](p, fmt.Sprintf("%s.find((e) => e.text === %s)", entries, quoted))
}

// log is for messages of tests that fail.
func (p *page) log() string {
	text, err := evaluate[string](p, `document.getElementById("log")?.innerText ?? ""`)
	if err != nil {
		return err.Error()
	}
	return text
}

// nick returns the name that the page goes by.
func (p *page) nick() string {
	p.t.Helper()
	return ask[string](p, `document.getElementById("nick").value`)
}

// say types a message of one or more lines and sends it; of none, it sends what is there.
func (p *page) say(lines ...string) {
	p.t.Helper()
	box := chromedp.CSS("#text")
	for i, line := range lines {
		if i > 0 {
			p.do(enter(shift))
		}
		p.do(chromedp.SendKeys(box, line))
	}
	p.do(enter(0))
}

const shift = 8 // as the protocol counts modifiers

// enter presses the Enter key: where the page prevents what the key does by default, no
// character follows, and where it does not, a line break does.
func enter(modifiers int64) chromedp.Action[chromedp.Void] {
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
