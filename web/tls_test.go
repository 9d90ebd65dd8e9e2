package web

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answer returns the answer of h to a request from peer.
func answer(h http.Handler, method, host, target, peer string, secure bool, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host, r.RemoteAddr = host, peer
	if secure {
		r.TLS = &tls.ConnectionState{}
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestRequireTLS sends requests with and without TLS to a server that requires it.
func TestRequireTLS(t *testing.T) {
	h := New(Options{
		RequireTLS: true, IsProxy: within("192.0.2.1/32"), Hosts: Hosts{"chat.example": true},
		WebSocket: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }),
	})
	const client, proxy, unix = "192.0.2.9:1000", "192.0.2.1:1000", "@"
	upgrade := []string{"Connection", "Upgrade", "Upgrade", "WebSocket"}
	forwarded := []string{"X-Forwarded-For", "198.51.100.7"}
	for name, c := range map[string]struct {
		method, host, target, peer string
		secure                     bool
		header                     []string
		status                     int
		location                   string
	}{
		"over TLS":            {"GET", "chat.example", "/", client, true, nil, 200, ""},
		"WebSocket over TLS":  {"GET", "chat.example", "/ws", client, true, upgrade, 200, ""},
		"POST over TLS":       {"POST", "chat.example", "/", client, true, nil, 405, ""},
		"plain":               {"GET", "chat.example:8443", "/?room=a%20b", client, false, nil, 308, "https://chat.example:8443/?room=a%20b"},
		"HEAD":                {"HEAD", "chat.example", "/main.js", client, false, nil, 308, "https://chat.example/main.js"},
		"an unknown path":     {"GET", "chat.example", "/none", client, false, nil, 308, "https://chat.example/none"},
		"two slashes":         {"GET", "chat.example", "//evil.example/x", client, false, nil, 308, "https://chat.example//evil.example/x"},
		"another URL":         {"GET", "chat.example", "http://evil.example/x", client, false, nil, 308, "https://chat.example/x"},
		"IPv6":                {"GET", "[::1]:8443", "/", client, false, nil, 308, "https://[::1]:8443/"},
		"WebSocket":           {"GET", "chat.example:8443", "/ws?nick=al", client, false, upgrade, 308, "wss://chat.example:8443/ws?nick=al"},
		"POST":                {"POST", "chat.example", "/", client, false, nil, 400, ""},
		"OPTIONS":             {"OPTIONS", "chat.example", "/", client, false, nil, 400, ""},
		"no host":             {"GET", "", "/", client, false, nil, 400, ""},
		"another host":        {"GET", "evil.example", "/", client, false, nil, 421, ""},
		"a health check":      {"GET", "chat.example", "/healthz", client, false, nil, 200, ""},
		"forwarded":           {"GET", "chat.example", "/", proxy, false, forwarded, 200, ""},
		"from a proxy itself": {"GET", "chat.example", "/", proxy, false, nil, 308, "https://chat.example/"},
		"forged":              {"GET", "chat.example", "/", client, false, forwarded, 308, "https://chat.example/"},
		"a unix socket":       {"GET", "localhost", "/", unix, false, nil, 200, ""},
	} {
		w := answer(h, c.method, c.host, c.target, c.peer, c.secure, c.header...)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s: the answer is %d, %q, want %d, %q", name, w.Code, w.Header().Get("Location"), c.status, c.location)
		}
		if (c.status == 308 || c.status == 400) && !strings.Contains(w.Body.String(), "requires TLS: use "+c.location) {
			t.Errorf("%s: the answer is %q", name, w.Body)
		}
	}
}

// TestRequireTLSOfPROXY sends a request that a proxy forwards with a PROXY header: the proxy passes on
// the bytes of its client, which needs TLS. See TestProxyEndsTLS for a proxy that ends TLS.
func TestRequireTLSOfPROXY(t *testing.T) {
	h := New(Options{RequireTLS: true, IsProxy: within("192.0.2.1/32"), ProxyHeader: PROXY})
	r := httptest.NewRequest("GET", "/", nil)
	r.Host, r.RemoteAddr = "chat.example", "192.0.2.1:1000"
	r = r.WithContext(ConnContext(r.Context(), fakeConn{client: clientAddr}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusPermanentRedirect {
		t.Errorf("the answer is %d", w.Code)
	}
}

// TestRedirect redirects to another port.
func TestRedirect(t *testing.T) {
	for _, c := range []struct{ port, host, want string }{
		{"", "chat.example", "https://chat.example/x"},
		{"", "chat.example:80", "https://chat.example:80/x"},
		{"443", "chat.example", "https://chat.example/x"},
		{"443", "chat.example:80", "https://chat.example/x"},
		{"443", "[2001:db8::1]:80", "https://[2001:db8::1]/x"},
		{"443", "[2001:db8::1]", "https://[2001:db8::1]/x"},
		{"8443", "chat.example", "https://chat.example:8443/x"},
		{"8443", "chat.example:8080", "https://chat.example:8443/x"},
		{"8443", "[2001:db8::1]", "https://[2001:db8::1]:8443/x"},
	} {
		if got := answer(Redirect(c.port), "GET", c.host, "/x", "192.0.2.9:1", false).Header().Get("Location"); got != c.want {
			t.Errorf("%s to port %q: %s, not %s", c.host, c.port, got, c.want)
		}
	}
}

// TestHSTS tests which answers tell a browser to use TLS only.
func TestHSTS(t *testing.T) {
	h := New(Options{})
	for _, c := range []struct {
		host   string
		secure bool
		want   string
	}{
		{"chat.example", true, "max-age=2592000"},
		{"chat.example:8443", true, "max-age=2592000"},
		{"chat.example", false, ""},
		{"localhost:8443", true, ""},
		{"chat.localhost", true, ""},
	} {
		for _, path := range []string{"/", "/none", "/healthz"} {
			if got := answer(h, "GET", c.host, path, "192.0.2.9:1", c.secure).Header().Get("Strict-Transport-Security"); got != c.want {
				t.Errorf("%s%s, TLS %t: %q, not %q", c.host, path, c.secure, got, c.want)
			}
		}
	}
}
