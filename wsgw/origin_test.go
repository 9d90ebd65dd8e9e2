package wsgw

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	list, err := ParseOrigins([]string{
		"https://Friend.example", "http://other.example:8000", "https://port.example:443",
		"capacitor://localhost", "ws://bot.example:80", "wss://bot.example",
		"https://*.example.org", "http://*.example.org:8080", "http://[2001:0DB8:0::7]:80",
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host   string
		origin string
		want   bool
	}{
		{"chat.example", "http://chat.example", true},
		{"chat.example", "https://chat.example", true},
		{"chat.example", "http://chat.example:80", true},
		{"chat.example:80", "http://chat.example", true},
		{"chat.example", "https://chat.example:443", true},
		{"chat.example:443", "https://chat.example", true},
		{"Chat.Example", "HTTP://cHAT.eXAMPLE", true},
		{"chat.example:8080", "http://chat.example:8080", true},
		{"[::1]:8080", "http://[::1]:8080", true},
		{"[::1]", "http://[::1]:80", true},
		{"chat.example", "https://friend.example", true},
		{"chat.example", "https://FRIEND.example:443", true},
		{"chat.example", "http://other.example:8000", true},
		{"chat.example", "https://port.example", true},
		{"chat.example", "capacitor://localhost", true},
		{"chat.example", "Capacitor://Localhost", true},
		{"chat.example", "ws://bot.example", true},
		{"chat.example", "wss://bot.example:443", true},
		{"chat.example", "http://[2001:db8::7]", true},
		{"chat.example", "https://a.example.org", true},
		{"chat.example", "https://A.Example.org:443", true},
		{"chat.example", "https://xn--bcher-kva.example.org", true},
		{"chat.example", "http://a.example.org:8080", true},

		{"chat.example", "https://example.org", false},
		{"chat.example", "https://.example.org", false},
		{"chat.example", "https://a.b.example.org", false},
		{"chat.example", "https://evil-example.org", false},
		{"chat.example", "https://a.evil-example.org", false},
		{"chat.example", "https://aexample.org", false},
		{"chat.example", "https://a.example.org.evil.example", false},
		{"chat.example", "https://a.example.org:8080", false},
		{"chat.example", "http://a.example.org", false},
		{"chat.example", "https://evil.example%2ea.example.org", false},
		{"chat.example", "https://evil.example/.example.org", false},
		{"chat.example", "https://evil.example\\.example.org", false},
		{"chat.example", "https://evil.example#.example.org", false},
		{"chat.example", "https://a.example.org@evil.example", false},
		{"chat.example", "capacitor://chat.example", false},
		{"chat.example", "capacitor://localhost:80", false},
		{"chat.example", "ionic://localhost", false},
		{"localhost", "capacitor://evil.localhost", false},
		{"chat.example", "wss://chat.example", false},
		{"chat.example", "https://bot.example", false},
		{"chat.example", "://friend.example", false},

		{"chat.example", "", false},
		{"chat.example", "null", false},
		{"chat.example", "chat.example", false},
		{"chat.example", "//chat.example", false},
		{"chat.example", "ws://chat.example", false},
		{"chat.example", "file://chat.example", false},
		{"chat.example", "chrome-extension://chat.example", false},
		{"chat.example", "http://chat.example:443", false},
		{"chat.example", "https://chat.example:80", false},
		{"chat.example:8080", "http://chat.example", false},
		{"chat.example", "http://chat.example:8080", false},
		{"chat.example", "http://chat.example.evil.example", false},
		{"chat.example", "http://evil.example", false},
		{"chat.example", "http://evil.example/chat.example", false},
		{"chat.example", "http://chat.example/", false},
		{"chat.example", "http://chat.example?", false},
		{"chat.example", "http://chat.example#", false},
		{"chat.example", "http://chat.example?x=y", false},
		{"chat.example", "http://me@chat.example", false},
		{"chat.example", "http://chat.example@evil.example", false},
		{"chat.example", "http://chat.example http://chat.example", false},
		{"chat.example", "http://chat.example, http://evil.example", false},
		{"chat.example", " http://chat.example", false},
		{"chat.example", "http://friend.example", false},
		{"chat.example", "https://friend.example:8443", false},
		{"chat.example", "http://", false},
		{"", "http://", false},
	} {
		r := &http.Request{Host: test.host, URL: new(url.URL), Header: http.Header{"Origin": {test.origin}}}
		if list.allow(r) != test.want {
			t.Errorf("Origin %q to Host %q: %t", test.origin, test.host, !test.want)
		}
	}
}

// TestOriginScheme sends origins to a server that may know the scheme of the request.
func TestOriginScheme(t *testing.T) {
	list := Origins{"http://plain.example": true}
	for _, test := range []struct {
		scheme, host, origin string
		want                 bool
	}{
		{"", "chat.example", "http://chat.example", true},
		{"", "chat.example", "https://chat.example", true},
		{"http", "chat.example", "https://chat.example", true},
		{"https", "chat.example", "https://chat.example", true},
		{"https", "chat.example", "HTTPS://chat.example:443", true},
		{"https", "chat.example", "http://chat.example", false},
		{"https", "chat.example:80", "HTTP://chat.example", false},
		{"https", "chat.example:8443", "http://chat.example:8443", false},
		{"https", "plain.example", "http://plain.example", true},
		{"https", "chat.example", "http://plain.example", true},
		{"https", "chat.example", "ws://chat.example", false},
	} {
		r := &http.Request{Host: test.host, URL: &url.URL{Scheme: test.scheme}, Header: http.Header{"Origin": {test.origin}}}
		if list.allow(r) != test.want {
			t.Errorf("Origin %q to Host %q over %q: %t", test.origin, test.host, test.scheme, !test.want)
		}
	}
}

// TestOriginHeaders sends a request without an Origin, and one with two.
func TestOriginHeaders(t *testing.T) {
	r := &http.Request{Host: "chat.example", URL: new(url.URL), Header: http.Header{}}
	if !Origins(nil).allow(r) {
		t.Error("a program without an Origin is refused")
	}
	r.Header["Origin"] = []string{"http://chat.example", "http://chat.example"}
	if Origins(nil).allow(r) {
		t.Error("two Origins are allowed")
	}
}

// TestSetOrigins replaces the origins of a gateway.
func TestSetOrigins(t *testing.T) {
	g := &Gateway{}
	r := httptest.NewRequest("GET", "http://chat.example/ws", nil)
	r.Header.Set("Origin", "https://site.example")
	for _, c := range []struct {
		set  Origins
		want bool
	}{{nil, false}, {Origins{"https://site.example": true}, true}, {Origins{"https://other.example": true}, false}} {
		if c.set != nil {
			g.SetOrigins(c.set)
		}
		if got := g.allowsOrigin(r); got != c.want {
			t.Errorf("with %v the origin is allowed: %t", c.set, got)
		}
	}
}

// TestParseOrigins checks that an origin that can never match is refused with a hint, and that
// any other origin matches.
func TestParseOrigins(t *testing.T) {
	for wrong, hint := range map[string]string{
		"":                                   "https://chat.example.com",
		"chat.example":                       "https://chat.example.com",
		"chat.example:8080":                  "https://chat.example.com",
		"//chat.example":                     "https://chat.example.com",
		"https:chat.example":                 "https://chat.example.com",
		"https//chat.example":                "https://chat.example.com",
		"https://":                           "https://chat.example.com",
		"https://.example":                   "https://chat.example.com",
		"https://chat..example":              "https://chat.example.com",
		"https://chat.example https://b":     "https://chat.example.com",
		"https://chat.example b.example":     "https://chat.example.com",
		" https://chat.example":              "https://chat.example.com",
		"1x://chat.example":                  "https://chat.example.com",
		"null":                               "any page",
		"file://":                            "file:",
		"ftp://chat.example":                 "ftp:",
		"data://chat.example":                "data:",
		"https://chat.example/":              "as in https://chat.example",
		"https://chat.example/chat":          "as in https://chat.example",
		"https://chat.example:8443/":         "as in https://chat.example:8443",
		"https://chat.example?x":             "as in https://chat.example",
		"https://chat.example#x":             "as in https://chat.example",
		"https://me@chat.example":            "user",
		"https://chat.example:":              "port",
		"https://chat.example:0":             "port",
		"https://chat.example:65536":         "port",
		"https://chat.example:0443":          "port",
		"https://chat.example:https":         "port",
		"https://chat.example:+443":          "port",
		"*":                                  "https://chat.example.com",
		"*://chat.example":                   "https://chat.example.com",
		"https://*":                          "https://*.example.com",
		"https://*.":                         "https://chat.example.com",
		"https://*.*.example":                "https://*.example.com",
		"https://chat.*.example":             "https://*.example.com",
		"https://chat*.example":              "https://*.example.com",
		"https://chat.example:*":             "port",
		"http://*.0.0.1":                     "IPv4",
		"http://127.1":                       "IPv4",
		"http://192.0.2.007":                 "IPv4",
		"http://[192.0.2.7]":                 "IPv6",
		"http://[::ffff:192.0.2.7]":          "IPv6",
		"http://[fe80::1%eth0]":              "IPv6",
		"http://[2001:db8::7":                "IPv6",
		"http://2001:db8::7":                 "https://chat.example.com",
		"https://b\u00fccher.example":        "xn--",
		"https://*.b\u00fccher.example:8443": "xn--",
		"https://chat.example\\b":            "https://chat.example.com",
		"https://chat%2eexample":             "https://chat.example.com",
	} {
		_, err := ParseOrigins([]string{"https://ok.example", wrong})
		if err == nil || !strings.Contains(err.Error(), strconv.Quote(wrong)+" is not an origin: ") || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	for list, want := range map[string]string{
		"HTTPS://Chat.Example:443":       "https://chat.example",
		"http://chat.example:80":         "http://chat.example",
		"https://chat.example:80":        "https://chat.example:80",
		"http://my_host:8080":            "http://my_host:8080",
		"http://localhost:3000":          "http://localhost:3000",
		"http://192.0.2.7":               "http://192.0.2.7",
		"http://[2001:0DB8:0:0::7]:8080": "http://[2001:db8::7]:8080",
		"https://*.Example.org":          "https://*.example.org",
		"capacitor://localhost":          "capacitor://localhost",
		"chrome-extension://abcdefgh":    "chrome-extension://abcdefgh",
		"wss://chat.example:443":         "wss://chat.example",
		"https://chat.example.":          "https://chat.example.",
		"https://xn--bcher-kva.example":  "https://xn--bcher-kva.example",
		"https://1.example":              "https://1.example",
	} {
		got, err := ParseOrigins([]string{list})
		if err != nil || len(got) != 1 || !got[want] {
			t.Errorf("%s: %v, %v", list, got, err)
		}
		sent := strings.Replace(want, "*", "a", 1)
		if !got.allow(&http.Request{Host: "other.example", URL: new(url.URL), Header: http.Header{"Origin": {sent}}}) {
			t.Errorf("%s: %s is refused", list, sent)
		}
	}
	if list, err := ParseOrigins(nil); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestOriginLogged refuses an origin that would fill the log and control a terminal that shows
// it, and reports that.
func TestOriginLogged(t *testing.T) {
	var log bytes.Buffer
	refused := 0
	g := &Gateway{Log: slog.New(slog.NewJSONHandler(&log, nil)), OriginRefused: func() { refused++ }}
	r := httptest.NewRequest("GET", "/ws", nil)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Origin": "http://\u009b31m\u202e" + strings.Repeat("x", 8000),
	} {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != 403 || w.Header().Get("Connection") != "close" {
		t.Errorf("the status is %d, Connection %q", w.Code, w.Header().Get("Connection"))
	}
	if log.Len() > 600 || strings.ContainsAny(log.String(), "\u009b\u202e") {
		t.Errorf("the log has %d bytes: %.300q", log.Len(), log.String())
	}
	log.Reset()
	g.ServeHTTP(httptest.NewRecorder(), r)
	if log.Len() > 0 {
		t.Errorf("a moment later the log has %q", log.String())
	}
	if refused != 2 {
		t.Errorf("%d refusals are reported", refused)
	}
}
