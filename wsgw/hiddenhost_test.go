package wsgw

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pageRequest is the request of a page for a WebSocket.
func pageRequest(host, origin string, header http.Header) *http.Request {
	r := httptest.NewRequest("GET", "/ws", nil)
	r.Host = host
	r.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		"Origin": {origin},
	}
	for name, values := range header {
		r.Header[name] = values
	}
	return r
}

// TestHidesHost tells requests through a proxy that replaces the Host from those of foreign pages.
func TestHidesHost(t *testing.T) {
	forwarded := http.Header{"X-Forwarded-For": {"198.51.100.7"}}
	for _, test := range []struct {
		host, origin string
		header       http.Header
		want         bool
	}{
		{"127.0.0.1:8080", "https://chat.example.org", nil, true}, // proxy_pass http://127.0.0.1:8080
		{"[::1]:8080", "https://chat.example.org", nil, true},
		{"localhost:8080", "https://chat.example.org", nil, true},
		{"partyline", "https://chat.example.org", forwarded, true}, // the name of an upstream
		{"PARTYLINE", "https://192.168.1.2", nil, true},
		{"10.0.0.7:8080", "https://chat.example.org", forwarded, true},
		{"chat.prod.svc.cluster.local", "https://chat.example.org", forwarded, true},
		{"partyline.internal.", "https://chat.example.org", nil, true},
		{"chat.example.org", "https://chat.example.org:8443", forwarded, true}, // $host
		{"Chat.Example.org:8080", "https://chat.example.org", forwarded, true},
		{"backend.example.org", "https://chat.example.org", http.Header{"X-Forwarded-Host": {"chat.example.org"}}, true},

		{"chat.example.org", "https://evil.example.com", forwarded, false},
		{"chat.example.org", "https://127.0.0.1", forwarded, false},
		{"203.0.113.7", "https://evil.example.com", forwarded, false},
		{"chat.example.org", "http://chat.example.org", forwarded, false}, // over TLS
		{"localhost:8080", "http://localhost:3000", nil, false},           // a page in development
		{"localhost:8080", "http://127.0.0.1:3000", nil, false},
		{"127.0.0.1:8080", "null", forwarded, false},
		{"127.0.0.1:8080", "chrome-extension://a.b", forwarded, false},
		{"127.0.0.1:8080", "://", forwarded, false},
		{"", "https://chat.example.org", nil, true},
	} {
		if got := hidesHost(pageRequest(test.host, test.origin, test.header)); got != test.want {
			t.Errorf("Origin %q to Host %q, %v: %t", test.origin, test.host, test.header, got)
		}
	}
}

// TestHiddenHostLogged sends many requests through a proxy that hides the host, and one of a foreign
// page. The log names the directive once a minute, whatever the clients send.
func TestHiddenHostLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		g := &Gateway{Log: slog.New(slog.NewTextHandler(&log, nil))}
		send := func(host, origin string) (lines []string) {
			w := httptest.NewRecorder()
			g.ServeHTTP(w, pageRequest(host, origin, nil))
			if w.Code != http.StatusForbidden {
				t.Errorf("the status is %d", w.Code)
			}
			for line := range strings.Lines(log.String()) {
				lines = append(lines, line)
			}
			log.Reset()
			return lines
		}
		lines := send("partyline\n\x1b[31m"+strings.Repeat("x", 8000), "https://chat.example.org")
		if len(lines) != 1 || !strings.Contains(lines[0], "proxy_set_header Host $http_host;") ||
			len(lines[0]) > 1000 || strings.ContainsAny(lines[0], "\x1b") {
			t.Errorf("the log has %.2000q", lines)
		}
		for range 100 {
			if lines := send("127.0.0.1:8080", "https://chat.example.org"); len(lines) != 0 {
				t.Fatalf("in the same minute the log has %q", lines)
			}
		}
		if lines := send("chat.example.org", "https://evil.example.com"); len(lines) != 1 || !strings.Contains(lines[0], "--origin") {
			t.Errorf("for a foreign page the log has %q", lines)
		}
		time.Sleep(refusalInterval - time.Nanosecond)
		if lines := send("127.0.0.1:8080", "https://chat.example.org"); len(lines) != 0 {
			t.Errorf("just before the minute has passed the log has %q", lines)
		}
		time.Sleep(time.Nanosecond)
		if lines := send("127.0.0.1:8080", "https://chat.example.org"); len(lines) != 1 {
			t.Errorf("after a minute the log has %q", lines)
		}
	})
}
