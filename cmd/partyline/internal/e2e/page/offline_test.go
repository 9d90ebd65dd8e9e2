package page

import (
	"context"
	"maps"
	"syscall"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// installed waits until the worker of the page is active.
func installed(page *browser.Page) {
	browser.Eval[bool](page, `navigator.serviceWorker.ready.then(({ active }) => active.state === "activated" ||
		new Promise((done) => active.addEventListener("statechange", () => done(true))))`)
}

// expectRelease checks whether the page is all of the next version, or all of the one before.
func expectRelease(t *testing.T, page *browser.Page, next bool) {
	t.Helper()
	if got := browser.Eval[bool](page, release); got != next {
		t.Errorf("the page is of the next version: %t, want %t", got, next)
	}
}

// awaitNext waits until the page has reloaded itself and is all of the next version.
func awaitNext(t *testing.T, page *browser.Page) {
	t.Helper()
	var err error
	next := func() (next bool) {
		next, err = chromedp.Run(page.Ctx, chromedp.Evaluate[bool](release)) // it fails while the page reloads
		return next && err == nil
	}
	if !harness.Eventually(next) {
		t.Fatalf("the page is not of the next version: %v", err)
	}
}

// offered is true while the page offers a newer version.
const offered = `!document.getElementById("offer").hidden`

// accept clicks on the offer.
func accept(page *browser.Page) {
	page.Click("#offer button")
}

// TestPageOpensOffline ends the server and opens the page, which says that it is not connected. It connects when there
// is a server again.
func TestPageOpensOffline(t *testing.T) {
	t.Parallel()
	server := harness.StartProgram(t)
	url := "http://" + server.HTTP
	page := browser.Open(t, url)
	installed(page)
	server.Signal(t, syscall.SIGKILL)
	<-server.Exited
	for _, query := range []string{"/", "/?room=ops"} {
		page.Do(chromedp.Navigate(url + query))
		browser.Await[bool](page, `document.getElementById("status").innerText === "Not connected"`)
	}
	harness.StartProgram(t, "--tcp", server.TCP, "--http", server.HTTP)
	page.ExpectState("open")
	if room := browser.Eval[string](page, `document.getElementById("room").value`); room != "ops" {
		t.Errorf("the room is %s", room)
	}
	if browser.Eval[bool](page, offered) {
		t.Error("the page offers its own version")
	}
	if got := browser.Eval[int](page, `fetch("healthz").then(({ status }) => status)`); got != 200 {
		t.Errorf("the health check through the worker: %d", got)
	}
}

// TestPageShowsMessagesOffline opens the page without a server. It shows what was said last, until it has the history.
func TestPageShowsMessagesOffline(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	data := t.TempDir()
	server := harness.StartProgram(t, "--data", data)
	url := "http://" + server.HTTP + "/?room=ops"
	page := browser.Open(t, url)
	installed(page)
	said := page.SayNumbered("message", 3)
	page.ExpectMessages(said)
	page.ExpectPending()
	server.Signal(t, syscall.SIGKILL)
	<-server.Exited
	page.Do(chromedp.Navigate(url))
	page.ExpectMessages(said)
	page.Say("written without a server")
	page.ExpectPending("written without a server")

	harness.StartProgram(t, "--data", data, "--tcp", server.TCP, "--http", server.HTTP)
	page.ExpectState("open")
	page.Expect("written without a server")
	page.ExpectPending()
	page.ExpectMessages(append(said, "written without a server"))
}

// TestPageOffersNewVersion replaces the server by one with a newer page. Two tabs offer it and continue, until the
// reader accepts it in each.
func TestPageOffersNewVersion(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	server := harness.StartProgram(t)
	s := startSite(t, server.HTTP)
	page := browser.Open(t, s.url)
	installed(page)
	page.Do(chromedp.Navigate(s.url + "?room=ops"))
	page.ExpectState("open")
	page.Say("/nick alice")
	page.AwaitNick("alice")
	other := page.Duplicate()

	s.replace(nextVersion(t, server.HTTP))
	for _, tab := range []*browser.Page{page, other} {
		browser.Await[bool](tab, offered)
		tab.ExpectState("open")
		expectRelease(t, tab, false)
	}
	page.Do(chromedp.Navigate(s.url + "?room=ops")) // not accepted
	browser.Await[bool](page, offered)
	expectRelease(t, page, false)

	page.Do(chromedp.SendKeys(chromedp.CSS("#text"), "half a sent"))
	accept(page)
	awaitNext(t, page)
	page.ExpectState("open")
	if nick := page.Nick(); nick != "alice" {
		t.Errorf("the name is %s", nick)
	}
	if draft := browser.Eval[string](page, `document.getElementById("text").value`); draft != "half a sent" {
		t.Errorf("the draft is %q", draft)
	}
	if browser.Eval[bool](page, offered) {
		t.Error("the page offers its own version")
	}

	other.Say("still here")
	other.Expect("still here")
	page.Expect("still here")
	expectRelease(t, other, false)
	browser.Await[bool](other, offered)
	accept(other)
	awaitNext(t, other)
	other.ExpectState("open")
}

// TestPageKeepsWholeVersions opens the page while the server has files of two versions. The page that is kept is all of
// one version.
func TestPageKeepsWholeVersions(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	server := harness.StartProgram(t)
	next := nextVersion(t, server.HTTP)
	for path := range marks {
		t.Run(path, func(t *testing.T) {
			s := startSite(t, server.HTTP)
			page := browser.Open(t, s.url)
			installed(page)
			browser.Eval[bool](page, `navigator.serviceWorker.ready.then((registration) => {
				registration.addEventListener("updatefound", ({ target: { installing } }) =>
					installing.addEventListener("statechange", () => (globalThis.failed ||= installing.state === "redundant")));
				return true;
			})`)
			mixed := maps.Clone(next)
			delete(mixed, path)
			s.replace(mixed)
			browser.Await[bool](page, "globalThis.failed")
			if browser.Eval[bool](page, offered) {
				t.Error("the page offers a version that the server does not have")
			}
			page.Do(chromedp.Navigate(s.url))
			expectRelease(t, page, false)
			page.ExpectState("open")

			s.replace(next)
			browser.Await[bool](page, offered)
			expectRelease(t, page, false)
			accept(page)
			awaitNext(t, page)
		})
	}
}

// TestPageLoadedDuringUpgrade opens the page for the first time while the server is replaced. The page has files of
// both versions, and offers to become whole.
func TestPageLoadedDuringUpgrade(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, *browser.Page){
		"with a worker":    func(*testing.T, *browser.Page) {},
		"without a worker": func(t *testing.T, page *browser.Page) { withoutWorkers(t, page) },
	} {
		t.Run(name, func(t *testing.T) {
			server := harness.StartProgram(t)
			s := startSite(t, server.HTTP)
			next := nextVersion(t, server.HTTP)
			mixed := maps.Clone(next)
			delete(mixed, "/")
			page := browser.Visit(t, "about:blank")
			prepare(t, page)
			s.replace(mixed)
			page.Do(chromedp.Navigate(s.url))
			s.replace(next)
			browser.Await[bool](page, offered)
			accept(page)
			awaitNext(t, page)
			page.ExpectState("open")
			if browser.Eval[bool](page, offered) {
				t.Error("the page offers its own version")
			}
		})
	}
}

// withoutWorkers makes the browser one without service workers, as it is for pages without TLS.
func withoutWorkers(t *testing.T, page *browser.Page) {
	t.Helper()
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{
			Source: "delete Navigator.prototype.serviceWorker",
		})
		return err
	}))
}

// TestPageDismissesOffer dismisses the offer of a newer version. The keyboard is then in the composer.
func TestPageDismissesOffer(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	server := harness.StartProgram(t)
	s := startSite(t, server.HTTP)
	page := browser.Open(t, s.url)
	installed(page)
	next := nextVersion(t, server.HTTP)
	s.replace(next)
	browser.Await[bool](page, offered)
	page.Click("#offer button:last-child")
	if browser.Eval[bool](page, offered) || !browser.Eval[bool](page, `document.activeElement.id === "text"`) {
		t.Error("the offer is still there, or the keyboard is elsewhere")
	}
	page.Say("hello")
	page.Expect("hello")
	expectRelease(t, page, false)
}

// TestPageLeavesOtherServer replaces the server by another program. The page does not hide it.
func TestPageLeavesOtherServer(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	server := harness.StartProgram(t)
	s := startSite(t, server.HTTP)
	page := browser.Open(t, s.url)
	installed(page)
	s.replace(files{"/": "<title>another program</title>", "/sw.js": "", "/ws": ""})
	page.Do(chromedp.Navigate(s.url))
	browser.Eval[bool](page, `new Promise((done) => {
		const check = async () => (await navigator.serviceWorker.getRegistration()) ? setTimeout(check, 20) : done(true);
		check();
	})`)
	page.Do(chromedp.Navigate(s.url))
	if title := browser.Eval[string](page, "document.title"); title != "another program" {
		t.Errorf("the title is %q", title)
	}
}

// TestPageIsInstallable asks the browser whether it can install the page, below a path.
func TestPageIsInstallable(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	server := harness.StartProgram(t)
	s := startSite(t, server.HTTP)
	page := browser.Open(t, s.url)
	page.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, cdppage.GetAppManifest, cdppage.GetAppManifestParams{})
		if err != nil {
			return err
		}
		if len(got.Errors) > 0 || got.Manifest == nil || got.Manifest.StartURL != s.url || got.Manifest.Scope != s.url || len(got.Manifest.Icons) != 4 {
			t.Errorf("the manifest of %s: %+v, %+v", s.url, got.Manifest, got.Errors)
		}
		problems, err := cdp.Call(ctx, target, cdppage.GetInstallabilityErrors, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, p := range problems.InstallabilityErrors {
			if p.ErrorID != "in-incognito" { // each test has a profile of its own
				t.Errorf("the page can't be installed: %s, %v", p.ErrorID, p.ErrorArguments)
			}
		}
		return nil
	}))
}
