package page

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestOneRoom has nc, ncat, telnet and a browser join one room. Each receives all messages.
func TestOneRoom(t *testing.T) {
	s := harness.StartServer(t, nil)
	host, port, _ := net.SplitHostPort(s.TCP)

	peers := map[string]*harness.Process{
		"nc":     harness.Start(t, harness.NeedProgram(t, "nc.openbsd", "nc"), host, port),
		"ncat":   harness.Start(t, harness.NeedProgram(t, "ncat"), host, port),
		"telnet": harness.Start(t, harness.NeedProgram(t, "telnet"), host, port),
	}
	nicks := make(map[string]string)
	for name, peer := range peers {
		nicks[name] = harness.ExpectLine(t, peer.Out, harness.WelcomeLine)[0]
	}
	page := browser.Open(t, "http://"+s.HTTP)

	for name, peer := range peers {
		said := "hello from " + name
		peer.Say(t, said)
		for other, listener := range peers {
			if got := harness.ExpectLine(t, listener.Out, `(\S+): `+said)[0]; got != nicks[name] {
				t.Errorf("%s received the message from %s, want it from %s", other, got, nicks[name])
			}
		}
		if got := page.Expect(said); got.From != nicks[name] || got.Own {
			t.Errorf("the page shows %+v for a message of %s", got, nicks[name])
		}
	}

	page.Say("hello from a browser")
	for name, peer := range peers {
		if got := harness.ExpectLine(t, peer.Out, `(\S+): hello from a browser`)[0]; got != page.Nick() {
			t.Errorf("%s received the message from %s, want it from %s", name, got, page.Nick())
		}
	}
	if got := page.Expect("hello from a browser"); !got.Own {
		t.Errorf("the page shows its own message as %+v", got)
	}
}

// TestPageShowsTextAsText sends HTML markup and scripts. The page shows them as text.
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
		shown := strings.ReplaceAll(hostile, "`", "") // they mark code
		nc.Say(t, hostile)
		page.Expect(shown)
		nc.Say(t, "/me "+hostile)
		page.Expect(nick + " " + shown)
		nc.Say(t, fmt.Sprintf("/msg %s private %s", page.Nick(), hostile))
		page.Show(nick)
		page.Expect("private " + shown)
		page.Show("#lobby")
	}
	nc.Say(t, "/quit <img src=x onerror=window.ran=true>")
	page.Expect(nick + " has left (<img src=x onerror=window.ran=true>)")

	if browser.Eval[bool](page, `"ran" in window`) {
		t.Error("a script ran")
	}
	if n := browser.Eval[int](page, `document.querySelectorAll("#log :is(script, img, svg, a:not(.permalink))").length`); n > 0 {
		t.Errorf("%d elements were created from text", n)
	}
}

// TestPageKeepsLineBreaks has a bot and the page send messages of two lines. The line breaks are kept.
func TestPageKeepsLineBreaks(t *testing.T) {
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

// TestPageReconnects stops the server of a page and starts another one at the same addresses. The
// page reconnects with its nickname and receives the messages that it missed.
func TestPageReconnects(t *testing.T) {
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
	gated := &gatedListener{Listener: l.HTTP, opened: make(chan struct{})}
	l.HTTP = gated
	second := harness.ServeOn(t, c, l)

	nc, _ := harness.Netcat(t, second.TCP)
	missed := harness.SayNumbered(t, nc, "missed", 30)
	gated.open()
	page.ExpectState("open")
	if got := harness.ExpectLine(t, nc.Out, `\* (\S+) has arrived`)[0]; got != "alice" {
		t.Errorf("alice reconnected as %s", got)
	}
	harness.ExpectLine(t, nc.Out, "alice: typed while the line was down")
	live := harness.SayNumbered(t, nc, "live", 5)
	page.ExpectMessages(slices.Concat([]string{"before"}, missed, []string{"typed while the line was down"}, live))
}

// TestPageTextTooLong submits a text that is longer than the server accepts. The page shows an
// error, keeps the text, and stays connected.
func TestPageTextTooLong(t *testing.T) {
	harness.SkipIfShort(t)
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

// A gatedListener accepts no connections until it is opened.
type gatedListener struct {
	net.Listener
	opened chan struct{}
	once   sync.Once
}

func (l *gatedListener) open() { l.once.Do(func() { close(l.opened) }) }

func (l *gatedListener) Accept() (net.Conn, error) {
	<-l.opened
	return l.Listener.Accept()
}

func (l *gatedListener) Close() error {
	l.open() // so that Accept returns
	return l.Listener.Close()
}
