package page

import (
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageLeaves closes, leaves and reloads the page. The other members receive what it sent and
// one notice that it has left.
func TestPageLeaves(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	for name, leave := range map[string]func(*browser.Page){
		"closes the tab":      func(p *browser.Page) { chromedp.Cancel(p.Ctx) },
		"goes to another one": func(p *browser.Page) { p.Do(chromedp.Navigate("http://" + s.HTTP + "/healthz")) },
		"reloads it":          func(p *browser.Page) { p.Do(chromedp.Reload()) },
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, "http://"+s.HTTP)
			p.Say("one", "two")
			nick := p.Nick() // the page of the previous subtest may arrive again after it reloads
			harness.ExpectLine(t, observer.Out, nick+": one")
			harness.ExpectLine(t, observer.Out, nick+": two")
			leave(p)
			leaveLine := "* " + nick + " has left"
			harness.ExpectLine(t, observer.Out, `\* `+nick+" has left")
			observer.Say(t, "after it "+name)
			harness.ExpectLine(t, observer.Out, `\S+: after it `+name)
			if n := observer.Out.Count(func(line string) bool { return line == leaveLine }); n != 1 {
				t.Errorf("%d leaves are announced, want 1", n)
			}
		})
	}
}

// TestPageBackButton leaves the page for another one and returns with the back button, to the copy
// that the browser has cached. The page receives the messages that it missed.
func TestPageBackButton(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	observer := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, observer.Out, harness.WelcomeLine)
	p := browser.Open(t, "http://"+s.HTTP)
	nick := harness.ExpectLine(t, observer.Out, `\* (\S+) has arrived`)[0]
	p.Do(chromedp.Navigate("http://" + s.HTTP + "/healthz"))
	harness.ExpectLine(t, observer.Out, `\* `+nick+" has left")
	observer.Say(t, "said meanwhile")
	browser.Eval[bool](p, `history.back(), true`) // NavigateBack would wait for it to load
	p.ExpectState("open")
	p.Expect("said meanwhile")
}

// TestPageShowsGoodbye ends the server while a page is connected. The page shows why it is
// disconnected.
func TestPageShowsGoodbye(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	p := harness.StartProgram(t)
	page := browser.Open(t, "http://"+p.HTTP)
	p.Signal(t, syscall.SIGTERM)
	page.ExpectState("waiting")
	browser.Await[bool](page, `document.getElementById("why").textContent.startsWith("The server is restarting")`)
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
