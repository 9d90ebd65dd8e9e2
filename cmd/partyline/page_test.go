package main

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestPageShowsTextAsText has the room send what would be markup or a script elsewhere.
func TestPageShowsTextAsText(t *testing.T) {
	s := startServer(t, nil)
	nc, nick := netcat(t, s.tcp)
	page := openPage(t, "http://"+s.http)

	for _, hostile := range []string{
		`<script>window.ran = true</script>`,
		`<img src=x onerror="window.ran = true">`,
		`</p></div><svg onload=window.ran=true>`,
		`<a href="javascript:window.ran=true">click</a> &lt;b&gt; &amp;`,
		"`${window.ran = true}`",
	} {
		nc.say(t, hostile)
		page.expect(hostile)
		nc.say(t, "/me "+hostile)
		page.expect(nick + " " + hostile)
		nc.say(t, fmt.Sprintf("/msg %s private %s", page.nick(), hostile))
		page.expect("private " + hostile)
	}
	nc.say(t, "/quit <img src=x onerror=window.ran=true>")
	page.expect(nick + " has left (<img src=x onerror=window.ran=true>)")

	if ask[bool](page, `"ran" in window`) {
		t.Error("something of it ran")
	}
	if n := ask[int](page, `document.querySelectorAll("#log :is(script, img, svg, a)").length`); n > 0 {
		t.Errorf("%d elements came out of it", n)
	}
}

// TestPageKeepsLines has a bot and the page send messages of two lines.
func TestPageKeepsLines(t *testing.T) {
	s := startServer(t, nil)
	nc, _ := netcat(t, s.tcp)
	bot := dialBot(t, "ws://"+s.http+"/ws?nick=robot")
	page := openPage(t, "http://"+s.http)

	bot.request(t, map[string]any{"type": "say", "text": "first line\n  second line"})
	if got := page.expect("first line\n  second line"); got.From != "robot" || got.Own {
		t.Errorf("the page shows %+v", got)
	}
	expectLine(t, nc.out, "robot: first line")
	expectLine(t, nc.out, "robot:   second line")

	page.say("one", "two")
	if got := page.expect("one\ntwo"); !got.Own {
		t.Errorf("the page shows its own message as %+v", got)
	}
	expectLine(t, nc.out, page.nick()+": one")
	expectLine(t, nc.out, page.nick()+": two")
}

// TestPageComesBack ends the server under a page and starts another one at the same
// addresses: the page comes back under its name and gets what was said meanwhile.
func TestPageComesBack(t *testing.T) {
	first := startServer(t, nil)
	page := openPage(t, "http://"+first.http)
	page.say("/nick alice")
	page.expect(page.named("alice"))
	page.say("before")
	page.expect("before")

	first.stop()
	page.expectState("waiting")
	page.say("typed while the line was down")

	c := configAt(first.tcp, first.http)
	l, err := listen(c)
	if err != nil {
		t.Fatal(err)
	}
	gate := &gate{Listener: l.http, opened: make(chan struct{})}
	l.http = gate
	second := serveOn(t, c, l)

	nc, _ := netcat(t, second.tcp)
	missed := talk(t, nc, "missed", 30)
	gate.open()
	page.expectState("open")
	if got := expectLine(t, nc.out, `\* (\S+) has arrived`)[0]; got != "alice" {
		t.Errorf("alice came back as %s", got)
	}
	expectLine(t, nc.out, "alice: typed while the line was down")
	live := talk(t, nc, "live", 5)
	page.expectTold(slices.Concat([]string{"before"}, missed, []string{"typed while the line was down"}, live))
}

// TestPageIsToldOfTooMuch pastes more than the server reads: the page says so, keeps the
// text, and does not send it again.
func TestPageIsToldOfTooMuch(t *testing.T) {
	s := startServer(t, nil)
	p := openPage(t, "http://"+s.http+"/")
	p.expectState("open")
	ask[bool](p, `(() => {
		const text = document.querySelector("#text");
		text.value = "x".repeat(60000);
		text.form.requestSubmit();
		return true;
	})()`)
	until[bool](p, `document.querySelector("#say-error").textContent.includes("too long")`)
	until[bool](p, `document.querySelector("#text").value.length === 60000`)
	p.expectState("open")
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

// talk says n messages, waits until they are said, and returns them.
func talk(t *testing.T, nc *process, about string, n int) (said []string) {
	t.Helper()
	for i := range n {
		said = append(said, fmt.Sprintf("%s %d", about, i))
		nc.say(t, said[i])
	}
	expectLine(t, nc.out, `\S+: `+said[n-1])
	return said
}

// named waits until the page goes by a name, and returns what the log shows then.
func (p *page) named(nick string) string {
	p.t.Helper()
	return until[string](p, fmt.Sprintf(
		`document.getElementById("nick").value === %q && %s.findLast((e) => e.kind === "nick")?.text`, nick, entries))
}

// expectTold waits for the last of the messages and fails where the page does not show
// exactly these, in their order.
func (p *page) expectTold(want []string) {
	p.t.Helper()
	p.expect(want[len(want)-1])
	var got []string
	for _, e := range p.entries() {
		if e.Kind == "message" {
			got = append(got, e.Text)
		}
	}
	if !slices.Equal(got, want) {
		p.t.Errorf("the page shows\n\t%s\nin the place of\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
