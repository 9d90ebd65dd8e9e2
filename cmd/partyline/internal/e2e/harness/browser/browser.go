package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"partyline/cmd/partyline/internal/e2e/harness"

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
	path := harness.NeedProgram(t, "chromium", "chromium-browser", "google-chrome")
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
		late, cancel := context.WithTimeout(ctx, harness.Patience)
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

func Close() {
	if browser.close == nil {
		return
	}
	browser.close()
	// Helpers of the browser may still write as it ends.
	for late := time.Now().Add(5 * time.Second); os.RemoveAll(browser.dir) != nil && time.Now().Before(late); {
		time.Sleep(20 * time.Millisecond)
	}
}

// as the protocol counts modifiers
