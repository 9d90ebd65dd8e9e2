package wsgw

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOrigins(t *testing.T) {
	list, err := ParseOrigins([]string{"https://Friend.example", "http://other.example:8000", "https://port.example:443"})
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
		r := &http.Request{Host: test.host, Header: http.Header{"Origin": {test.origin}}}
		if list.allow(r) != test.want {
			t.Errorf("Origin %q to Host %q: %t", test.origin, test.host, !test.want)
		}
	}
}

func TestOriginsSent(t *testing.T) {
	r := &http.Request{Host: "chat.example", Header: http.Header{}}
	if !Origins(nil).allow(r) {
		t.Error("a program without an Origin is turned away")
	}
	r.Header["Origin"] = []string{"http://chat.example", "http://chat.example"}
	if Origins(nil).allow(r) {
		t.Error("two Origins are let in")
	}
}

func TestParseOrigins(t *testing.T) {
	for _, wrong := range []string{
		"", "chat.example", "*", "https://", "ftp://chat.example", "https://chat.example/", "https://chat.example/chat",
		"https://me@chat.example", "https://chat.example?x", "null", "https://chat.example https://b.example",
	} {
		if _, err := ParseOrigins([]string{"https://ok.example", wrong}); err == nil {
			t.Errorf("%q is taken for an origin", wrong)
		}
	}
	if list, err := ParseOrigins(nil); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestOriginLogged turns away a page whose origin would drive the terminal of whoever reads
// the log, and fill it.
func TestOriginLogged(t *testing.T) {
	var log bytes.Buffer
	g := &Gateway{Log: slog.New(slog.NewJSONHandler(&log, nil))}
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
		t.Errorf("answered with %d, Connection %q", w.Code, w.Header().Get("Connection"))
	}
	if log.Len() > 600 || strings.ContainsAny(log.String(), "\u009b\u202e") {
		t.Errorf("the log has %d bytes: %.300q", log.Len(), log.String())
	}
}
