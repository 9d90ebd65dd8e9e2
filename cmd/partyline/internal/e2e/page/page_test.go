package page

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageShowsTextAsText has the room send what would be markup or a script elsewhere.
func TestPageShowsTextAsText(t *testing.T) {
	s := harness.StartServer(t, nil)
	nc, nick := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+s.HTTP)

	for _, hostile := range []string{
		`<script>window.ran = true</script>`,
		`<img src=x onerror="window.ran = true">`,
		`</p></div><svg onload=window.ran=true>`,
		`<a href="javascript:window.ran=true">click</a> &lt;b&gt; &amp;`,
		"`${window.ran = true}`",
	} {
		nc.Say(t, hostile)
		page.Expect(hostile)
		nc.Say(t, "/me "+hostile)
		page.Expect(nick + " " + hostile)
		nc.Say(t, fmt.Sprintf("/msg %s private %s", page.Nick(), hostile))
		page.Expect("private " + hostile)
	}
	nc.Say(t, "/quit <img src=x onerror=window.ran=true>")
	page.Expect(nick + " has left (<img src=x onerror=window.ran=true>)")

	if browser.Eval[bool](page, `"ran" in window`) {
		t.Error("something of it ran")
	}
	if n := browser.Eval[int](page, `document.querySelectorAll("#log :is(script, img, svg, a)").length`); n > 0 {
		t.Errorf("%d elements came out of it", n)
	}
}

// TestPageKeepsLines has a bot and the page send messages of two lines.
func TestPageKeepsLines(t *testing.T) {
	s := harness.StartServer(t, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	page := browser.Open(t, "http://"+s.HTTP)

	bot.Request(t, map[string]any{"type": "say", "text": "first line\n  second line"})
	if got := page.Expect("first line\n  second line"); got.From != "robot" || got.Own {
		t.Errorf("the page shows %+v", got)
	}
	harness.ExpectLine(t, nc.Out, "robot: first line")
	harness.ExpectLine(t, nc.Out, "robot:   second line")

	page.Say("one", "two")
	if got := page.Expect("one\ntwo"); !got.Own {
		t.Errorf("the page shows its own message as %+v", got)
	}
	harness.ExpectLine(t, nc.Out, page.Nick()+": one")
	harness.ExpectLine(t, nc.Out, page.Nick()+": two")
}

// TestPageComesBack ends the server under a page and starts another one at the same
// addresses: the page comes back under its name and gets what was said meanwhile.
func TestPageComesBack(t *testing.T) {
	first := harness.StartServer(t, nil)
	page := browser.Open(t, "http://"+first.HTTP)
	page.Say("/nick alice")
	page.Expect(page.AwaitNick("alice"))
	page.Say("before")
	page.Expect("before")

	first.Stop()
	page.ExpectState("waiting")
	page.Say("typed while the line was down")

	c := harness.ConfigAt(first.TCP, first.HTTP)
	l, err := app.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	gate := &gate{Listener: l.HTTP, opened: make(chan struct{})}
	l.HTTP = gate
	second := harness.ServeOn(t, c, l)

	nc, _ := harness.Netcat(t, second.TCP)
	missed := harness.SayNumbered(t, nc, "missed", 30)
	gate.open()
	page.ExpectState("open")
	if got := harness.ExpectLine(t, nc.Out, `\* (\S+) has arrived`)[0]; got != "alice" {
		t.Errorf("alice came back as %s", got)
	}
	harness.ExpectLine(t, nc.Out, "alice: typed while the line was down")
	live := harness.SayNumbered(t, nc, "live", 5)
	page.ExpectMessages(slices.Concat([]string{"before"}, missed, []string{"typed while the line was down"}, live))
}

// TestPageIsToldOfTooMuch pastes more than the server reads: the page says so, keeps the
// text, and does not send it again.
func TestPageIsToldOfTooMuch(t *testing.T) {
	s := harness.StartServer(t, nil)
	p := browser.Open(t, "http://"+s.HTTP+"/")
	p.ExpectState("open")
	browser.Eval[bool](p, `(() => {
		const text = document.querySelector("#text");
		text.value = "x".repeat(60000);
		text.form.requestSubmit();
		return true;
	})()`)
	browser.Await[bool](p, `document.querySelector("#say-error").textContent.includes("too long")`)
	browser.Await[bool](p, `document.querySelector("#text").value.length === 60000`)
	p.ExpectState("open")
}

// gate is a listener at which everybody waits until it is opened.
type gate struct {
	net.Listener
	opened chan struct{}
	once   sync.Once
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

func (g *gate) Accept() (net.Conn, error) {
	<-g.opened
	return g.Listener.Accept()
}

func (g *gate) Close() error {
	g.open() // or Accept would never hear of it
	return g.Listener.Close()
}
