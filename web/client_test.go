package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A fakeConn is a connection that starts with a PROXY header.
type fakeConn struct {
	net.Conn
	client net.Addr // nil if the header names none
	tls    bool
}

func (c fakeConn) ProxyHeader() (client net.Addr, usesTLS, ok bool) { return c.client, c.tls, true }

// clientAddr is the address in the PROXY header of a fakeConn.
var clientAddr = &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 1001}

// forgedHeader has every header that a proxy may report a client in, as a stranger forges them.
func forgedHeader() http.Header {
	return http.Header{
		"X-Forwarded-For": {"127.0.0.1"}, "Forwarded": {"for=127.0.0.2;proto=https"}, "X-Real-Ip": {"127.0.0.3"},
		"X-Forwarded-Proto": {"https"},
	}
}

// TestOneHeader tests that only the header that the proxy sets is believed, whatever a client sends
// in the others, and that no header of another peer is believed.
func TestOneHeader(t *testing.T) {
	for header, c := range map[string]struct{ sent, want string }{
		"":            {"198.51.100.7", "198.51.100.7:0"},
		XForwardedFor: {"198.51.100.7", "198.51.100.7:0"},
		Forwarded:     {"for=198.51.100.7", "198.51.100.7:0"},
		XRealIP:       {"198.51.100.7", "198.51.100.7:0"},
	} {
		opts := Options{IsProxy: within("192.0.2.0/24"), ProxyHeader: header}
		sent := forgedHeader()
		set := http.CanonicalHeaderKey(header)
		if header == "" {
			set = XForwardedFor
		}
		sent.Set(set, c.sent)
		if got, _ := clientOf(opts, peer, sent); got != c.want {
			t.Errorf("%s: the address is %s", header, got)
		}
		sent.Del(set) // the proxy connects for itself, or does not set it
		if got, scheme := clientOf(opts, peer, sent); got != peer || scheme != "" {
			t.Errorf("without %s: the address is %s, the scheme %q", header, got, scheme)
		}
		if got, scheme := clientOf(opts, "203.0.113.1:1000", forgedHeader()); got != "203.0.113.1:1000" || scheme != "" {
			t.Errorf("%s from another peer: the address is %s, the scheme %q", header, got, scheme)
		}
	}
}

// TestProxyHeader tests that the address in a PROXY header is believed, and that after a PROXY header,
// with or without an address, no other header is.
func TestProxyHeader(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		peer   string
		conn   net.Conn
		want   string
	}{
		"PROXY":                {PROXY, peer, fakeConn{client: clientAddr}, "198.51.100.1:1001"},
		"PROXY below TLS":      {PROXY, peer, tls.Server(fakeConn{client: clientAddr}, nil), "198.51.100.1:1001"},
		"mapped to IPv6":       {PROXY, peer, fakeConn{client: &net.TCPAddr{IP: net.ParseIP("::ffff:198.51.100.1"), Port: 1}}, "198.51.100.1:1"},
		"the proxy itself":     {PROXY, peer, fakeConn{}, peer},
		"no PROXY header":      {PROXY, peer, &net.TCPConn{}, peer},
		"another peer":         {PROXY, "203.0.113.1:1000", fakeConn{client: clientAddr}, "203.0.113.1:1000"},
		"beside HTTP's header": {Forwarded, peer, fakeConn{client: clientAddr}, "198.51.100.1:1001"},
		"LOCAL":                {XForwardedFor, peer, fakeConn{}, peer},
		"LOCAL below TLS":      {Forwarded, peer, tls.Server(fakeConn{}, nil), peer},
		"on a unix socket":     {XForwardedFor, "@", fakeConn{client: clientAddr}, "198.51.100.1:1001"},
		"LOCAL on one":         {XForwardedFor, "@", fakeConn{}, "@"},
	} {
		var got string
		h := New(Options{
			IsProxy: within("192.0.2.0/24", "unix"), ProxyHeader: c.header,
			WebSocket: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }),
		})
		r := httptest.NewRequest("GET", "/ws", nil).WithContext(ConnContext(context.Background(), c.conn))
		r.RemoteAddr, r.Header = c.peer, forgedHeader()
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s: the address is %s, not %s", name, got, c.want)
		}
	}
}

// TestScheme tests that the scheme in the URL is that of the client, as the proxy reports it.
func TestScheme(t *testing.T) {
	for _, c := range []struct {
		header string
		sent   http.Header
		tls    bool
		want   string
	}{
		{"", http.Header{}, false, ""},
		{"", http.Header{}, true, "https"},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}}, false, ""},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}}, true, "https"},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}}, false, "https"},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"WSS"}}, false, "https"},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"http"}}, true, ""},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"http, https"}}, false, "https"},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https, http"}}, false, ""},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https", "http"}}, false, ""},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"gopher"}}, false, ""},
		{XForwardedFor, http.Header{"X-Forwarded-Proto": {"https"}}, false, ""},
		{XForwardedFor, http.Header{"X-Forwarded-For": {"198.51.100.7"}, "Forwarded": {"for=198.51.100.7;proto=https"}}, false, ""},
		{XRealIP, http.Header{"X-Real-Ip": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}}, false, "https"},
		{Forwarded, http.Header{"Forwarded": {"for=198.51.100.7;proto=https"}}, false, "https"},
		{Forwarded, http.Header{"Forwarded": {`proto="HTTPS";for=198.51.100.7`}}, false, "https"},
		{Forwarded, http.Header{"Forwarded": {"for=_hidden;proto=https"}}, false, "https"},
		{Forwarded, http.Header{"Forwarded": {"for=198.51.100.7;proto=http"}}, true, ""},
		{Forwarded, http.Header{"Forwarded": {"for=198.51.100.7;proto=https, for=192.0.2.9;proto=http"}}, false, "https"},
		{Forwarded, http.Header{"Forwarded": {"for=198.51.100.7;proto=http, for=192.0.2.9;proto=https"}}, false, ""},
		{Forwarded, http.Header{"Forwarded": {"for=203.0.113.9;proto=https, for=198.51.100.7"}}, false, ""},
		{Forwarded, http.Header{"Forwarded": {"for=198.51.100.7"}, "X-Forwarded-Proto": {"https"}}, false, ""},
	} {
		got := "no request"
		h := New(Options{
			IsProxy: within("192.0.2.0/24"), ProxyHeader: c.header,
			WebSocket: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Scheme }),
		})
		r := httptest.NewRequest("GET", "/ws", nil)
		r.URL.Scheme = "https" // as in GET https://chat.example/ws
		r.RemoteAddr, r.Header = peer, c.sent
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s, %v, TLS %t: the scheme is %q", c.header, c.sent, c.tls, got)
		}
	}
}

// TestProxyEndsTLS tests that a request counts as one over TLS if the PROXY header of a trusted proxy
// says so, whether the server requires TLS or not.
func TestProxyEndsTLS(t *testing.T) {
	const hsts = "max-age=2592000"
	for name, c := range map[string]struct {
		header, peer string
		conn         fakeConn
		scheme, hsts string
		required     int // the status if the server requires TLS
	}{
		"TLS":                  {PROXY, peer, fakeConn{client: clientAddr, tls: true}, "https", hsts, 200},
		"no TLS":               {PROXY, peer, fakeConn{client: clientAddr}, "", "", 308},
		"the proxy itself":     {PROXY, peer, fakeConn{tls: true}, "", "", 308},
		"another peer":         {PROXY, "203.0.113.1:1000", fakeConn{client: clientAddr, tls: true}, "", "", 308},
		"beside HTTP's header": {XRealIP, peer, fakeConn{client: clientAddr, tls: true}, "https", hsts, 200},
		"LOCAL beside it":      {XForwardedFor, peer, fakeConn{}, "", "", 308},
		"on a unix socket":     {XForwardedFor, "@", fakeConn{client: clientAddr}, "", "", 308},
		"TLS on one":           {XForwardedFor, "@", fakeConn{client: clientAddr, tls: true}, "https", hsts, 200},
		"LOCAL on one":         {XForwardedFor, "@", fakeConn{}, "", "", 308},
	} {
		for _, required := range []bool{false, true} {
			scheme := ""
			h := New(Options{
				IsProxy: within("192.0.2.0/24", "unix"), ProxyHeader: c.header, RequireTLS: required,
				WebSocket: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { scheme = r.URL.Scheme }),
			})
			r := httptest.NewRequest("GET", "/ws", nil).WithContext(ConnContext(context.Background(), c.conn))
			r.RemoteAddr, r.Header = c.peer, forgedHeader()
			r.Header.Set(forwardedProto, "http")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			status := http.StatusOK
			if required {
				status = c.required
			}
			if w.Code != status || status == http.StatusOK && scheme != c.scheme || w.Header().Get("Strict-Transport-Security") != c.hsts {
				t.Errorf("%s, TLS required %t: the answer is %d, the scheme %q, the header %v", name, required, w.Code, scheme, w.Header())
			}
		}
	}
}

// TestForwardedHost tests that a proxy may forward any Host only with the header that it sets, or
// with a PROXY header, which only a listener that expects one reads, if there are no names of the server.
func TestForwardedHost(t *testing.T) {
	for _, header := range []string{XForwardedFor, Forwarded, XRealIP, PROXY} {
		for _, sent := range []string{XForwardedFor, Forwarded, XRealIP, PROXY} {
			for _, hosts := range []Hosts{{}, {"good.example": true}} {
				h := New(Options{Hosts: hosts, IsProxy: within("192.0.2.0/24"), ProxyHeader: header})
				r := httptest.NewRequest("GET", "/", nil)
				r.RemoteAddr, r.Host = peer, "chat.example"
				if sent == PROXY {
					r = r.WithContext(ConnContext(r.Context(), fakeConn{client: clientAddr}))
				} else {
					r.Header.Set(sent, "for=198.51.100.7")
				}
				status := func(r *http.Request) int {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, r)
					return w.Code
				}
				want := http.StatusMisdirectedRequest
				if sent == PROXY && len(hosts) == 0 || sent == header && sent != PROXY {
					want = http.StatusOK
				}
				if got := status(r); got != want {
					t.Errorf("with %s from the proxy, --proxy-header %s and %v: the status is %d, not %d", sent, header, hosts, got, want)
				}
				r = r.WithContext(ConnContext(r.Context(), fakeConn{}))
				if got := status(r); got != http.StatusMisdirectedRequest {
					t.Errorf("with a PROXY header without a client, %s, --proxy-header %s and %v: the status is %d", sent, header, hosts, got)
				}
				r.Host = "good.example"
				if got := status(r); (got == http.StatusOK) != hosts["good.example"] {
					t.Errorf("for a name in %v: the status is %d", hosts, got)
				}
			}
		}
	}
}

// TestClientLogged tests that the log says at debug level where each address comes from, and that
// it has a hint if the proxy sets another header than the one that counts.
func TestClientLogged(t *testing.T) {
	var log bytes.Buffer
	opts := Options{
		IsProxy: within("192.0.2.0/24"), ProxyHeader: Forwarded,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range []struct {
		peer   string
		header string
		want   string
	}{
		{peer, "Forwarded", "addr=198.51.100.7:0 source=Forwarded proxy=192.0.2.1:1000\n"},
		{"203.0.113.1:1000", "Forwarded", "addr=203.0.113.1:1000 source=connection\n"},
		{peer, "X-Real-Ip", "addr=192.0.2.1:1000 source=connection\n"},
	} {
		log.Reset()
		clientOf(opts, c.peer, http.Header{c.header: {"for=198.51.100.7"}})
		if !strings.Contains(log.String(), `level=DEBUG msg="client address" transport=http `+c.want) {
			t.Errorf("%s from %s: the log has %s", c.header, c.peer, &log)
		}
		if hinted := strings.Contains(log.String(), "--proxy-header X-Real-IP"); hinted != (c.header == "X-Real-Ip") {
			t.Errorf("%s from %s: the log has %s", c.header, c.peer, &log)
		}
	}
}
