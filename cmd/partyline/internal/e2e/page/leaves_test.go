package page

import (
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageLeaves takes a browser away from the page in each way that a person has: the
// others hear what it said and that it has left, once.
func TestPageLeaves(t *testing.T) {
	harness.Long(t)
	s := harness.StartServer(t, nil)
	witness := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, witness.Out, harness.WelcomeLine)
	for name, leave := range map[string]func(*browser.Page){
		"closes the tab":      func(p *browser.Page) { chromedp.Cancel(p.Ctx) },
		"goes to another one": func(p *browser.Page) { p.Do(chromedp.Navigate("http://" + s.HTTP + "/healthz")) },
		"reloads it":          func(p *browser.Page) { p.Do(chromedp.Reload()) },
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, "http://"+s.HTTP)
			nick := harness.ExpectLine(t, witness.Out, `\* (\S+) has arrived`)[0]
			p.Say("one", "two")
			harness.ExpectLine(t, witness.Out, nick+": one")
			harness.ExpectLine(t, witness.Out, nick+": two")
			leave(p)
			gone := "* " + nick + " has left"
			harness.ExpectLine(t, witness.Out, `\* `+nick+" has left")
			witness.Say(t, "after it "+name)
			harness.ExpectLine(t, witness.Out, `\S+: after it `+name)
			if n := witness.Out.Count(func(line string) bool { return line == gone }); n != 1 {
				t.Errorf("it left %d times", n)
			}
		})
	}
}

// TestPageIsComeBackTo leaves the page for another one and comes back, to what the browser
// has kept of it: it gets what was said meanwhile.
func TestPageIsComeBackTo(t *testing.T) {
	harness.Long(t)
	s := harness.StartServer(t, nil)
	witness := harness.DialText(t, s.TCP)
	harness.ExpectLine(t, witness.Out, harness.WelcomeLine)
	p := browser.Open(t, "http://"+s.HTTP)
	nick := harness.ExpectLine(t, witness.Out, `\* (\S+) has arrived`)[0]
	p.Do(chromedp.Navigate("http://" + s.HTTP + "/healthz"))
	harness.ExpectLine(t, witness.Out, `\* `+nick+" has left")
	witness.Say(t, "said meanwhile")
	browser.Eval[bool](p, `history.back(), true`) // NavigateBack would wait for it to load
	p.ExpectState("open")
	p.Expect("said meanwhile")
}

// TestPageHearsGoodbye ends the server under a page, which says why the line is down.
func TestPageHearsGoodbye(t *testing.T) {
	harness.Long(t)
	t.Parallel()
	p := harness.StartProgram(t)
	page := browser.Open(t, "http://"+p.HTTP)
	p.Signal(t, syscall.SIGTERM)
	page.ExpectState("waiting")
	browser.Await[bool](page, `document.getElementById("status").textContent.startsWith("Server restarting")`)
	if code := p.ExitCode(t, harness.Patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
