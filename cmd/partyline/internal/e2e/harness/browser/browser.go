// Package browser drives partyline's page in Chromium.
package browser

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
)

// browser is one Chromium for all tests of a package. The first test that needs it starts it. Each page has its
// own profile.
var browser struct {
	mu    sync.Mutex
	ctx   context.Context
	dir   string
	close context.CancelFunc
}

func needBrowser(t *testing.T) context.Context {
	t.Helper()
	browser.mu.Lock()
	defer browser.mu.Unlock()
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
		chromedp.Flag("no-sandbox", os.Geteuid() == 0),   // Chromium has no sandbox for root
		chromedp.Flag("ignore-certificate-errors", true), // those of tests come from no known authority
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	allocator, free := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, _ := chromedp.NewContext(allocator)
	browser.dir = dir
	browser.close = func() {
		limited, cancel := context.WithTimeout(ctx, harness.Patience)
		defer cancel()
		chromedp.Cancel(limited)
		free()
	}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	browser.ctx = ctx
	return ctx
}

// Close ends Chromium. The TestMain of each package that uses browser passes it to [harness.Main].
func Close() {
	if browser.close == nil {
		return
	}
	browser.close()
	// Processes of the browser may still write files.
	for deadline := time.Now().Add(5 * time.Second); os.RemoveAll(browser.dir) != nil && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
}
