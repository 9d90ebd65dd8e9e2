package page

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// A window has a size in pixels and a theme, "light" or "dark".
type window struct {
	width, height int64
	theme         string
}

// emulate makes the page one in this window, for a reader that prefers reduced motion: colours change at once.
func (w window) emulate(page *browser.Page) {
	page.Do(chromedp.EmulateViewport(w.width, w.height))
	prefer(page, w.theme, "reduce")
	// Elements have their places after the next frame.
	page.AwaitPaint()
}

// prefer sets the reader's preferences in the page: "light" or "dark", and "reduce" or "no-preference" for motion.
func prefer(page *browser.Page, theme, motion string) {
	emulateMedia(page, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: theme}, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: motion})
}

// forceColors makes the page one for a reader that has the browser replace its colours, in a theme as for prefer.
func forceColors(page *browser.Page, theme string) {
	emulateMedia(page, &emulation.MediaFeature{Name: "prefers-color-scheme", Value: theme}, &emulation.MediaFeature{Name: "forced-colors", Value: "active"})
}

func emulateMedia(page *browser.Page, features ...*emulation.MediaFeature) {
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
		return err
	}))
}
