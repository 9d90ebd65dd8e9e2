package page

import (
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/firefox"
)

const enter = "\ue007" // the key in WebDriver, section 17.4.2

// TestPageInFirefox uses the page in Firefox: it talks in two rooms and in private, scrolls, reloads the page and loses the
// server.
func TestPageInFirefox(t *testing.T) {
	harness.SkipIfShort(t)
	dir := t.TempDir()
	s := harness.StartProgram(t, "--data", dir, "--rate", "0")
	bot := harness.DialBot(t, "ws://"+s.HTTP+"/ws?nick=robot")
	sayMany(t, bot, 0, 200)
	nc, _ := harness.Netcat(t, s.TCP)
	nc.Say(t, "/nick bob")
	page := firefox.Open(t, "http://"+s.HTTP)
	shows := func(text string) {
		t.Helper()
		page.Await(`[...document.querySelectorAll("#log .text")].some((e) => e.innerText === ` + quote(text) + `)`)
	}
	lists := func(want string) {
		t.Helper()
		page.Await(listed + ` === ` + quote(want))
	}
	page.Await(`document.body.dataset.state === "open"`)
	page.Type("#text", "/nick alice"+enter)
	page.Await(`document.querySelector("#nick").value === "alice"`)
	page.Type("#text", "hello from *Firefox*"+enter)
	harness.ExpectLine(t, nc.Out, `alice: hello from \*Firefox\*`)
	shows("hello from Firefox")
	nc.Say(t, "alice: see #ops")
	page.Await(`document.querySelector("#log .mention a.room") !== null`)
	page.Click("#log a.room")
	lists("#lobby , *#ops ")
	nc.Say(t, "unread")
	nc.Say(t, "/msg alice psst")
	lists("#lobby 1, *#ops , bob 1!")
	page.Back()
	lists("*#lobby , #ops , bob 1!")
	shows("unread")
	page.Await(`document.querySelector("#log .unseen") !== null`)

	// Scrolling up loads what is earlier, to the first message, and a button returns.
	page.Await(`(document.querySelector("#log").scrollTop = 0, [...document.querySelectorAll("#log .text")].some((e) => e.innerText === "message 0"))`)
	nc.Say(t, "while the reader is away")
	page.Await(`document.querySelector("#to-end").innerText === "1 new message"`)
	page.Click("#to-end")
	shows("while the reader is away")

	page.Type("#text", "a draft")
	page.Reload()
	page.Await(`document.body.dataset.state === "open" && document.querySelector("#text").value === "a draft" && document.querySelector("#nick").value === "alice"`)
	lists("*#lobby , #ops , bob 1!")
	s.Stop(t)
	page.Await(`document.body.dataset.state === "waiting"`)
	page.Type("#text", " is sent later"+enter)
	page.Await(`document.querySelector("#log .pending .waiting") !== null`)
	second := harness.StartProgram(t, "--data", dir, "--rate", "0", "--tcp", s.TCP, "--http", s.HTTP)
	nc, _ = harness.Netcat(t, second.TCP)
	harness.ExpectLine(t, nc.Out, "alice: a draft is sent later")
	page.Await(`document.body.dataset.state === "open" && document.querySelector("#log .pending").childElementCount === 0`)
	shows("a draft is sent later")
}
