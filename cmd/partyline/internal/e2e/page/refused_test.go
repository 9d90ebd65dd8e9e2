package page

import (
	"testing"

	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestPageRefused opens the page of a server that is full. The page says so, and when it tries again. It connects
// when there is room and the reader asks for it.
func TestPageRefused(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.MaxMembers = 1 })
	nc, _ := harness.Netcat(t, s.TCP)
	page := browser.Visit(t, "http://"+s.HTTP)
	page.ExpectState("waiting")
	browser.Await[bool](page, `document.getElementById("why").textContent === "The server is full: try again later. Trying again"`)
	browser.Await[bool](page, `/^in (2\d|30|31) s$/.test(document.getElementById("countdown").textContent)`)

	nc.Say(t, "/quit")
	// The slot may be free a moment later.
	browser.Await[bool](page, `(() => {
		const { dataset: { state } } = document.body;
		if (state === "waiting") document.getElementById("reconnect").click();
		return state === "open";
	})()`)
}
