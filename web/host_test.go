package web

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHosts(t *testing.T) {
	hosts, err := ParseHosts([]string{"chat.example.com", "Other.Example.", "192.0.2.7", "[2001:0DB8:0::7]"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST.": true, "a.localhost": true, "a.b.localhost:1": true,
		"127.0.0.1": true, "127.0.0.1:8080": true, "127.255.0.9": true, "[::1]": true, "[::1]:8080": true,
		"[::ffff:127.0.0.1]:8080": true,
		"198.51.100.1:8080":       true, // the local address
		"chat.example.com":        true, "Chat.Example.Com:8080": true, "chat.example.com.": true, "other.example": true,
		"192.0.2.7": true, "[::ffff:192.0.2.7]": true, "[2001:db8::7]:80": true, "[2001:db8:0::7]": true,

		"": true, // as in HTTP/1.0

		".": false, ":80": false, "evil.example": false, "evil.example:8080": false, "x": false,
		"localhost.evil.example": false, "notlocalhost": false, "127.0.0.1.evil.example": false,
		"chat.example.com.evil.example": false, "a.chat.example.com": false, "evil.example:chat.example.com": false,
		"198.51.100.2": false, "0.0.0.0": false, "[::]:8080": false, "127.1": false, "[::1": false, "chat.example.com..": false,
		"::1:8080": false,
	} {
		r := &http.Request{Host: host}
		ctx := context.WithValue(context.Background(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 8080})
		if got := hosts.allow(r.WithContext(ctx)); got != want {
			t.Errorf("Host %q: allowed is %t", host, got)
		}
	}
}

func TestParseHosts(t *testing.T) {
	for _, wrong := range []string{"", ".", "https://chat.example.com", "chat.example.com:8080", "*.example.com", "a b", "me@chat.example.com", "[::1]:80", "b\u00fccher.example", "chat.example,b.example", "\x1b[m"} {
		if _, err := ParseHosts([]string{"ok.example", wrong}); err == nil {
			t.Errorf("%q is accepted as a host", wrong)
		}
	}
	if hosts, err := ParseHosts(nil); err != nil || hosts == nil {
		t.Errorf("%v, %v", hosts, err)
	}
}

// TestUnknownHost tests that a request for an unknown host reaches only the health check,
// unless a trusted proxy forwards it.
func TestUnknownHost(t *testing.T) {
	for name, c := range map[string]struct {
		hosts     Hosts
		peer      string
		host      string
		forwarded string
		refused   bool
	}{
		"any host":                {nil, "192.0.2.9:1", "evil.example", "", false},
		"a known host":            {Hosts{}, "192.0.2.9:1", "localhost:8080", "", false},
		"an unknown host":         {Hosts{}, "192.0.2.9:1", "evil.example", "", true},
		"forwarded by a proxy":    {Hosts{}, "192.0.2.1:1", "evil.example", "203.0.113.7", false},
		"from a proxy itself":     {Hosts{}, "192.0.2.1:1", "evil.example", "", true},
		"a client that forges":    {Hosts{}, "192.0.2.9:1", "evil.example", "203.0.113.7", true},
		"a configured name":       {Hosts{"good.example": true}, "192.0.2.9:1", "good.example:80", "", false},
		"another name":            {Hosts{"good.example": true}, "192.0.2.9:1", "evil.example", "", true},
		"a proxy in mapped form":  {Hosts{}, "[::ffff:192.0.2.1]:1", "evil.example", "203.0.113.7", false},
		"no host, as in HTTP/1.0": {Hosts{}, "192.0.2.9:1", "", "", false},
	} {
		refused, want421 := 0, 0
		h := New(Options{
			Hosts: c.hosts, IsProxy: within("192.0.2.1/32"), HostRefused: func() { refused++ },
			WebSocket: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
		})
		for path, usual := range map[string]int{"/": 200, "/main.js": 200, "/ws": 200, "/nothing": 404, "/healthz": 200} {
			r := httptest.NewRequest("GET", path, nil)
			r.Host, r.RemoteAddr = c.host, c.peer
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := usual
			if c.refused && path != "/healthz" {
				want = http.StatusMisdirectedRequest
				want421++
				if !strings.Contains(w.Body.String(), "--host") || w.Header().Get("Connection") != "close" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s: the answer to %s is %q, %v", name, path, w.Body, w.Header())
				}
			}
			if w.Code != want {
				t.Errorf("%s: the answer to %s is %d, want %d", name, path, w.Code, want)
			}
		}
		if refused != want421 {
			t.Errorf("%s: %d refusals are reported, want %d", name, refused, want421)
		}
	}
}

// TestUnknownHostLogged tests that the log line of a refused host is safe and short, and has a
// hint.
func TestUnknownHostLogged(t *testing.T) {
	var log bytes.Buffer
	h := New(Options{Hosts: Hosts{}, Log: slog.New(slog.NewJSONHandler(&log, nil))})
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "\u009b31m\u202e" + strings.Repeat("x", 8000)
	h.ServeHTTP(httptest.NewRecorder(), r)
	if log.Len() > 600 || strings.Count(log.String(), "\n") != 1 || strings.ContainsAny(log.String(), "\u009b\u202e") || !strings.Contains(log.String(), "--host") {
		t.Errorf("the log has %d bytes: %.300q", log.Len(), log.String())
	}
}

// TestUnknownHostWarned asks for unknown hosts again and again. The log has a warning each minute.
func TestUnknownHostWarned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := New(Options{Hosts: Hosts{}, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for minute := range 3 {
			for range 10 {
				if w := answer(h, "GET", "evil.example", "/", "192.0.2.9:1", false); w.Code != http.StatusMisdirectedRequest {
					t.Errorf("the answer is %d", w.Code)
				}
			}
			if n := strings.Count(log.String(), "unknown host refused"); n != minute+1 {
				t.Errorf("after %d minutes the log has %d warnings", minute, n)
			}
			time.Sleep(warnInterval)
		}
	})
}
