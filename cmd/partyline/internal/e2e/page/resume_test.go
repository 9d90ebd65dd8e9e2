package page

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageResumes changes the network of a page. The server does not learn that the first connection is
// gone, or it is not gone yet. The page comes back under its name, and shows what was said in its absence, once and in order.
// The others learn nothing of it.
func TestPageResumes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		nick  string // "" for a guest
		alive bool   // the first connection
		reset bool   // the browser learns that it is gone
	}{
		"reset":  {"alice", false, true},
		"silent": {"", false, false},
		"alive":  {"", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := harness.StartProgram(t)
			n := startNetwork(t, s.HTTP)
			bob, _ := harness.Netcat(t, s.TCP)
			page := browser.Open(t, "http://"+n.addr)
			if c.nick != "" {
				page.Say("/nick " + c.nick)
				page.AwaitNick(c.nick)
			}
			nick := page.Nick()
			page.Say("before")
			page.ExpectPending()
			harness.ExpectLine(t, bob.Out, nick+": before")
			seen := len(bob.Out.All())

			if !c.alive {
				n.fail(c.reset)
			}
			missed := harness.SayNumbered(t, bob, "missed", 30)
			page.Say("written without a network")
			n.restore()
			if !c.reset {
				browser.Eval[bool](page, `dispatchEvent(new Event("online"))`)
			}
			harness.ExpectLine(t, bob.Out, nick+": written without a network")
			live := harness.SayNumbered(t, bob, "live", 5)
			page.ExpectMessages(slices.Concat([]string{"before"}, missed, []string{"written without a network"}, live))
			page.ExpectPending()
			if got := page.Nick(); got != nick {
				t.Errorf("the page is back as %s, want %s", got, nick)
			}
			for _, line := range bob.Out.All()[seen:] {
				if strings.HasPrefix(line, "* ") {
					t.Errorf("bob received %q", line)
				}
			}
		})
	}
}

// TestPageReloadKeepsName reloads the page of a guest. It is the same guest in the same room afterwards, and
// in another room if the address of the page says so.
func TestPageReloadKeepsName(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartProgram(t)
	bob, _ := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+s.HTTP)
	nick := harness.ExpectLine(t, bob.Out, `\* (\S+) has arrived`)[0]
	expect := func(room string) {
		t.Helper()
		page.ExpectState("open")
		if got := browser.Eval[string](page, `document.getElementById("room").value`); got != room || page.Nick() != nick {
			t.Errorf("the page is %s in %s, want %s in %s", page.Nick(), got, nick, room)
		}
	}
	for range 2 {
		page.Do(chromedp.Reload())
		harness.ExpectLine(t, bob.Out, `\* `+nick+` has left`)
		harness.ExpectLine(t, bob.Out, `\* `+nick+` has arrived`)
		expect("lobby")
	}
	page.Say("/join ops")
	browser.Await[bool](page, `document.getElementById("room").value === "ops"`)
	page.Do(chromedp.Reload())
	expect("ops")
	page.Do(chromedp.Navigate("http://" + s.HTTP + "/?room=dev"))
	expect("dev")
}

// TestPageReloadAfterRestart reloads the page of a guest after the server has restarted and has forgotten its token, as
// has a server that a load balancer may send it to. It asks for its name.
func TestPageReloadAfterRestart(t *testing.T) {
	harness.SkipIfShort(t)
	first := harness.StartProgram(t)
	page := browser.Open(t, "http://"+first.HTTP)
	nick := page.Nick()
	page.Do(chromedp.Navigate("http://" + first.HTTP + "/healthz"))
	first.Stop(t)
	second := harness.StartProgram(t, "--tcp", first.TCP, "--http", first.HTTP)
	page.Do(chromedp.Navigate("http://" + second.HTTP))
	page.ExpectState("open")
	if got := page.Nick(); got != nick {
		t.Errorf("the page is %s, want %s", got, nick)
	}
}

// TestPageNameTaken leaves a page, and opens it again, with an invalid room, after another member has taken
// its name. The page says what is wrong, and is a guest in the lobby.
func TestPageNameTaken(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartProgram(t)
	bob, _ := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	page.Do(chromedp.Navigate("http://" + s.HTTP + "/healthz"))
	harness.ExpectLine(t, bob.Out, `\* alice has left`)
	bob.Say(t, "/nick alice")
	harness.ExpectLine(t, bob.Out, `\* \S+ is now known as alice`)
	page.Do(chromedp.Navigate("http://" + s.HTTP + "/?room=No%20room"))
	page.ExpectState("open")
	browser.Await[bool](page, `document.getElementById("nick-error").textContent === "alice is taken"`)
	browser.Await[bool](page, `document.getElementById("room-error").textContent !== ""`)
	if got := page.Nick(); !strings.HasPrefix(got, "guest-") {
		t.Errorf("the page is %s", got)
	}
	browser.Await[bool](page, `document.getElementById("room").value === "lobby"`)
}

// TestPageDuplicated duplicates a visible page. The copy is a member of its own.
func TestPageDuplicated(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartProgram(t)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("from the first")
	page.ExpectMessages([]string{"from the first"})
	duplicate := page.Duplicate()
	if duplicate.Nick() == page.Nick() {
		t.Errorf("both tabs are %s", page.Nick())
	}
	duplicate.Say("from the second")
	page.ExpectMessages([]string{"from the first", "from the second"})
	page.ExpectState("open")
}

// TestPageNamesOtherTab opens a second tab after the reader has chosen a name. The second page says why it does not have
// that name.
func TestPageNamesOtherTab(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	s := harness.StartProgram(t)
	page := browser.Open(t, "http://"+s.HTTP)
	page.Say("/nick alice")
	page.AwaitNick("alice")
	second := page.Duplicate()
	browser.Await[bool](second, `document.getElementById("nick-error").textContent === "alice is your name in another tab"`)
	if got := second.Nick(); !strings.HasPrefix(got, "guest-") {
		t.Errorf("the second tab is %s", got)
	}
	second.Say("/nick alicia")
	second.AwaitNick("alicia")
	browser.Await[bool](second, `document.getElementById("nick-error").textContent === ""`)
}

// TestPageContinuesInAnotherTab duplicates a page in the background, which has stored its token. The chat
// continues in the copy, and the first page says so, until its reader continues there. The others learn
// nothing of it.
func TestPageContinuesInAnotherTab(t *testing.T) {
	t.Parallel()
	s := harness.StartProgram(t)
	bob, _ := harness.Netcat(t, s.TCP)
	first := browser.Open(t, "http://"+s.HTTP)
	nick := harness.ExpectLine(t, bob.Out, `\* (\S+) has arrived`)[0]
	browser.Eval[bool](first, `(() => {
		Object.defineProperty(document, "hidden", { value: true });
		return document.dispatchEvent(new Event("visibilitychange"));
	})()`)
	second := first.Duplicate()

	expectElsewhere := func(page *browser.Page) {
		t.Helper()
		page.ExpectState("closed")
		browser.Await[bool](page, `document.getElementById("why").innerText === "This chat continues in another tab"`)
		browser.Await[bool](page, `document.getElementById("reconnect").innerText === "Continue here"`)
	}
	expectElsewhere(first)
	browser.Eval[bool](first, `["online", "pagehide", "pageshow"].every((name) => dispatchEvent(new Event(name)))`)
	first.ExpectState("closed")
	said := []string{"in the second", "in the first"}
	second.Say(said[0])
	harness.ExpectLine(t, bob.Out, nick+": "+said[0])

	first.Click("#reconnect")
	expectElsewhere(second)
	first.ExpectState("open")
	first.Say(said[1])
	harness.ExpectLine(t, bob.Out, nick+": "+said[1])
	first.ExpectMessages(said)
	browser.Await[bool](first, `document.getElementById("trouble").hidden`)
	if n := bob.Out.Count(func(line string) bool { return strings.HasPrefix(line, "* "+nick) }); n != 1 {
		t.Errorf("bob received\n%s", bob.Out)
	}
}

// TestTokenIsSecret searches for tokens in what a browser sends, apart from the masked frames of
// WebSockets, in the address of the page and in the log.
func TestTokenIsSecret(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	p := harness.StartProgram(t, "--log-level", "debug")
	n := startNetwork(t, p.HTTP)
	page := browser.Open(t, "http://"+n.addr+"/?room=ops")
	page.Do(chromedp.Reload())
	page.ExpectState("open")
	address := browser.Eval[string](page, `location.href`)
	p.Stop(t)

	sent, received := n.traffic()
	if !bytes.Contains(sent, []byte("GET /ws HTTP/1.1\r\n")) {
		t.Errorf("the browser sent\n%q", sent)
	}
	tokens := regexp.MustCompile(`"token":"([A-Z0-9]{26})"`).FindAllSubmatch(received, -1)
	if len(tokens) != 4 { // for each connection that of a guest, and that of the resume
		t.Errorf("the browser received %d tokens", len(tokens))
	}
	for _, found := range tokens {
		token := string(found[1])
		if bytes.Contains(sent, found[1]) || strings.Contains(address, token) {
			t.Errorf("the token %s is in what the browser sent, or in %s", token, address)
		}
		if p.Err.Count(func(line string) bool { return strings.Contains(line, token) }) > 0 {
			t.Errorf("the token %s is in the log", token)
		}
	}
}
