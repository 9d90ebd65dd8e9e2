package main

import (
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPageLeaves takes a browser away from the page in each way that a person has: the
// others hear what it said and that it has left, once.
func TestPageLeaves(t *testing.T) {
	s := startServer(t, nil)
	witness := call(t, s.tcp)
	expectLine(t, witness.out, welcomed)
	for name, leave := range map[string]func(*page){
		"closes the tab":      func(p *page) { chromedp.Cancel(p.ctx) },
		"goes to another one": func(p *page) { p.do(chromedp.Navigate("http://" + s.http + "/healthz")) },
		"reloads it":          func(p *page) { p.do(chromedp.Reload()) },
	} {
		t.Run(name, func(t *testing.T) {
			p := openPage(t, "http://"+s.http)
			nick := expectLine(t, witness.out, `\* (\S+) has arrived`)[0]
			p.say("one", "two")
			expectLine(t, witness.out, nick+": one")
			expectLine(t, witness.out, nick+": two")
			leave(p)
			gone := "* " + nick + " has left"
			expectLine(t, witness.out, `\* `+nick+" has left")
			witness.say(t, "after it "+name)
			expectLine(t, witness.out, `\S+: after it `+name)
			if n := witness.out.count(func(line string) bool { return line == gone }); n != 1 {
				t.Errorf("it left %d times", n)
			}
		})
	}
}

// TestPageIsComeBackTo leaves the page for another one and comes back, to what the browser
// has kept of it: it gets what was said meanwhile.
func TestPageIsComeBackTo(t *testing.T) {
	s := startServer(t, nil)
	witness := call(t, s.tcp)
	expectLine(t, witness.out, welcomed)
	p := openPage(t, "http://"+s.http)
	nick := expectLine(t, witness.out, `\* (\S+) has arrived`)[0]
	p.do(chromedp.Navigate("http://" + s.http + "/healthz"))
	expectLine(t, witness.out, `\* `+nick+" has left")
	witness.say(t, "said meanwhile")
	ask[bool](p, `history.back(), true`) // NavigateBack would wait for it to load
	p.expectState("open")
	p.expect("said meanwhile")
}

// TestPageHearsGoodbye ends the server under a page, which says why the line is down.
func TestPageHearsGoodbye(t *testing.T) {
	p := startProgram(t)
	page := openPage(t, "http://"+p.http)
	p.signal(t, syscall.SIGTERM)
	page.expectState("waiting")
	until[bool](page, `document.getElementById("status").textContent.startsWith("Server restarting")`)
	if code := p.exitCode(t, patience); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
