package hub_test

import (
	"errors"
	"testing"

	"partyline/hub"
)

// TestHTTPOnALine: an HTTP request as the first line gets one line and the end; after another
// line it is a message.
func TestHTTPOnALine(t *testing.T) {
	const request = "GET / HTTP/1.1"
	for web, want := range map[string]string{
		"":                    "! this is a chat line and has no web page",
		"http://example.com/": "! this is a chat line; the web page is at http://example.com/",
	} {
		inHouse(t, hub.Options{Web: web}, func(h *house) {
			browser := h.named("browser")
			browser.Say("\uFEFF"+request, "Host: example.com")
			browser.hears(want)
			if why := browser.off(); !errors.Is(why, hub.ErrHTTP) {
				t.Errorf("it is off for %v", why)
			}

			alice := h.named("alice")
			alice.say("hello", request)
			alice.hears("alice: hello", "alice: "+request)
		})
	}
}
