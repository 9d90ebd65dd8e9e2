package page

import (
	"syscall"
	"testing"

	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
)

// TestBrowserReportsCleanClose has the server close a browser's WebSocket. The browser reports a clean
// close with the expected code.
func TestBrowserReportsCleanClose(t *testing.T) {
	harness.SkipIfShort(t)
	t.Parallel()
	for name, c := range map[string]struct {
		code int
		end  func(t *testing.T, p *harness.Program, page *browser.Page)
	}{
		"quit": {1000, func(t *testing.T, _ *harness.Program, page *browser.Page) {
			browser.Eval[bool](page, `socket.send("/quit"), true`)
		}},
		"shutdown": {1012, func(t *testing.T, p *harness.Program, _ *browser.Page) { p.Signal(t, syscall.SIGTERM) }},
	} {
		t.Run(name, func(t *testing.T) {
			p := harness.StartProgram(t)
			page := browser.Open(t, "http://"+p.HTTP)
			browser.Eval[bool](page, `new Promise((done) => {
				globalThis.socket = new WebSocket("ws://" + location.host + "/ws");
				socket.onmessage = () => done(true);
				socket.onclose = (e) => { globalThis.ended = { code: e.code, clean: e.wasClean }; };
			})`)
			c.end(t, p, page)
			type closed struct {
				Code  int
				Clean bool
			}
			if got := browser.Await[closed](page, "globalThis.ended"); got != (closed{c.code, true}) {
				t.Errorf("the browser reports %+v, want a clean close with %d", got, c.code)
			}
		})
	}
}
