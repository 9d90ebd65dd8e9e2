//go:build unix

package proxy

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"partyline/client"
	"partyline/cmd/partyline/internal/app"
	"partyline/cmd/partyline/internal/e2e/harness"
	"partyline/cmd/partyline/internal/e2e/harness/browser"
	"partyline/cmd/partyline/internal/e2e/harness/proxies"
)

// TestNginxPage opens the page at the root and under a path, with netcat on the TCP port.
func TestNginxPage(t *testing.T) {
	harness.SkipIfShort(t)
	n := proxies.Nginx.Start(t, harness.StartServer(t, nil), nil)
	nc, nick := harness.Netcat(t, n.TCP)

	for _, path := range []string{"/", "/party?room=lobby", "/party/", "/party"} {
		t.Run(path, func(t *testing.T) {
			page := browser.Open(t, "http://"+n.HTTP+path)
			page.Say("a browser at " + path)
			harness.ExpectLine(t, nc.Out, page.Nick()+": a browser at "+regexp.QuoteMeta(path))
			nc.Say(t, "netcat to "+path)
			if got := page.Expect("netcat to " + path); got.From != nick {
				t.Errorf("the page shows %+v for what %s said", got, nick)
			}
		})
	}
	harness.SayAndLeave(t, n.TCP, nc)
}

// TestNginxOrigin opens WebSockets as pages of the same site and of other sites do.
func TestNginxOrigin(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Origins = []string{"https://friend.example"} })
	n := proxies.Nginx.Start(t, s, nil)
	for origin, status := range map[string]int{
		"":                                 http.StatusSwitchingProtocols,
		"http://" + n.HTTP:                 http.StatusSwitchingProtocols,
		"https://friend.example":           http.StatusSwitchingProtocols,
		"https://foreign.example":          http.StatusForbidden,
		"http://foreign.example/" + n.HTTP: http.StatusForbidden,
		"http://127.0.0.1":                 http.StatusForbidden,
		"http://" + s.HTTP:                 http.StatusForbidden, // the address that nginx connects to, not the browser's
		"null":                             http.StatusForbidden,
	} {
		for _, path := range []string{"/ws", "/party/ws"} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			_, res, err := harness.DialWebSocket(t, "ws://"+n.HTTP+path, &websocket.DialOptions{HTTPHeader: header})
			if res == nil {
				t.Errorf("%s from %q: %v", path, origin, err)
			} else if res.StatusCode != status {
				t.Errorf("%s from %q: got status %d, want %d", path, origin, res.StatusCode, status)
			}
		}
	}
}

// TestOriginScheme opens WebSockets through an nginx that reports TLS. A page without TLS is another
// site.
func TestOriginScheme(t *testing.T) {
	s := harness.StartServer(t, func(c *app.Config) { c.Limits.Proxies = []string{"127.0.0.1"} })
	n := proxies.Nginx.Start(t, s, map[string]string{"X-Forwarded-Proto $scheme": "X-Forwarded-Proto https"})
	for origin, status := range map[string]int{
		"https://" + n.HTTP: http.StatusSwitchingProtocols,
		"http://" + n.HTTP:  http.StatusForbidden,
	} {
		_, res, err := harness.DialWebSocket(t, "ws://"+n.HTTP+"/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if res == nil || res.StatusCode != status {
			t.Errorf("from %q: got %v, %v, want status %d", origin, res, err, status)
		}
	}
}

// TestNginxClient connects package client through nginx, by the address of the page and over TCP. While the
// server is down the error names the proxy.
func TestNginxClient(t *testing.T) {
	s := harness.StartServer(t, nil)
	n := proxies.Nginx.Start(t, s, nil)
	ctx, cancel := context.WithTimeout(t.Context(), harness.Patience)
	defer cancel()
	for nick, address := range map[string]string{
		"root": "http://" + n.HTTP, "path": "http://" + n.HTTP + "/party/?room=lobby", "ws": "ws://" + n.HTTP + "/party/ws", "tcp": n.TCP,
	} {
		c, err := client.Dial(ctx, address, client.Options{Nick: "bot-" + nick})
		if err != nil {
			t.Fatal(err)
		}
		id, err := c.Say(ctx, "hello")
		if err != nil {
			t.Fatal(err)
		}
		for event := range c.Events(ctx) {
			if m, ok := event.(*client.Message); ok && m.ID == id {
				if m.From != "bot-"+nick {
					t.Errorf("%s: received %+v", address, m)
				}
				break
			}
		}
		c.Close()
	}
	s.Stop()
	_, err := client.Dial(ctx, "http://"+n.HTTP+"/party", client.Options{})
	if err == nil || !strings.Contains(err.Error(), "502 Bad Gateway: a proxy answered for partyline, which it does not reach") {
		t.Errorf("without a server: %v", err)
	}
}

// TestNginxRestarts stops nginx while a page is connected through it, and starts it again. The page
// reconnects and receives the messages that it missed.
func TestNginxRestarts(t *testing.T) {
	harness.SkipIfShort(t)
	s := harness.StartServer(t, nil)
	n := proxies.Nginx.Start(t, s, nil)
	nc, _ := harness.Netcat(t, s.TCP)
	page := browser.Open(t, "http://"+n.HTTP)
	said := harness.SayNumbered(t, nc, "before", 3)
	page.Expect(said[2])

	n.Stop(t)
	page.ExpectState("waiting")
	said = append(said, harness.SayNumbered(t, nc, "missed", 30)...)
	proxies.Nginx.StartOn(t, s, n.HTTP, n.TCP, nil)
	page.ExpectState("open")
	said = append(said, harness.SayNumbered(t, nc, "live", 3)...)
	page.ExpectMessages(said)
}
