package main

import (
	"syscall"
	"testing"
)

// TestPageClosesCleanly: in a browser, the close that the server starts is clean.
func TestPageClosesCleanly(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		end  func(t *testing.T, p *program, page *page)
	}{
		"quit": {1000, func(t *testing.T, _ *program, page *page) {
			ask[bool](page, `socket.send("/quit"), true`)
		}},
		"shutdown": {1012, func(t *testing.T, p *program, _ *page) { p.signal(t, syscall.SIGTERM) }},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProgram(t)
			page := openPage(t, "http://"+p.http)
			ask[bool](page, `new Promise((done) => {
				globalThis.socket = new WebSocket("ws://" + location.host + "/ws");
				socket.onmessage = () => done(true);
				socket.onclose = (e) => { globalThis.ended = { code: e.code, clean: e.wasClean }; };
			})`)
			c.end(t, p, page)
			type closed struct {
				Code  int
				Clean bool
			}
			if got := until[closed](page, "globalThis.ended"); got != (closed{c.code, true}) {
				t.Errorf("the browser sees %+v, want a clean close with %d", got, c.code)
			}
		})
	}
}
