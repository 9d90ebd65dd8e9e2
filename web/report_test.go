package web

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// operator is a trusted address, and stranger is another one.
const (
	operator = "203.0.113.1"
	stranger = "198.51.100.9"
)

// reportTo requests the report from peer, and returns the answer.
func reportTo(opts Options, peer string, edit func(*http.Request)) *httptest.ResponseRecorder {
	opts.Report = &ReportOptions{IsTrusted: within(operator+"/32", "127.0.0.0/8", "unix"), Ping: 25 * time.Second, TCP: "127.0.0.1:4000"}
	r := httptest.NewRequest("GET", ReportPath, nil)
	r.RemoteAddr = peer
	if edit != nil {
		edit(r)
	}
	w := httptest.NewRecorder()
	New(opts).ServeHTTP(w, r)
	return w
}

// TestReport requests the report through a proxy, and compares all of it.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := reportTo(Options{IsProxy: within("192.0.2.0/24")}, peer, func(r *http.Request) {
			local := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 9), Port: 8080}
			*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
			r.URL.Path, r.Host, r.Proto = "/party"+ReportPath, "partyline", "HTTP/1.0"
			r.Header = http.Header{
				"X-Forwarded-For": {operator + ", 192.0.2.5"}, "X-Forwarded-Proto": {"https"}, "Via": {"1.1 proxy"},
				"Origin": {"https://chat.example"}, "Upgrade": {"websocket"}, "Connection": {"Upgrade"},
				"Cookie": {"secret"}, "Authorization": {"secret"},
			}
		})
		var got Report
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		want := Report{
			Method: "GET", Path: "/party/debug/proxy", Proto: "HTTP/1.0", Host: "partyline",
			Origin: "https://chat.example", Upgrade: "websocket", Connection: "Upgrade",
			Forwarding: map[string][]string{
				"X-Forwarded-For": {operator + ", 192.0.2.5"}, "X-Forwarded-Proto": {"https"}, "Via": {"1.1 proxy"},
			},
			Peer: peer, Local: "192.0.2.9:8080", Proxy: true, ProxyHeader: XForwardedFor,
			Client: operator + ":0", Source: XForwardedFor, Scheme: "https",
			Ping: "25s", TCP: "127.0.0.1:4000", Time: got.Time,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the report is %+v, not %+v", got, want)
		}
		if !got.Time.Equal(start) || w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("the answer is %d, %v\n%s", w.Code, w.Header(), w.Body)
		}
	})
}

// TestReportReaders requests the report from many addresses, with what proxies report and clients
// forge.
func TestReportReaders(t *testing.T) {
	for _, c := range []struct {
		peer, header, value string
		want                int
	}{
		{"127.0.0.1:1000", "", "", 200},
		{operator + ":1000", "", "", 200},
		{"@", "", "", 200}, // a unix socket
		{"127.0.0.1:1000", XForwardedFor, "127.0.0.1", 200},
		{"127.0.0.1:1000", XForwardedFor, operator + ", 192.0.2.5", 200},
		{peer, XForwardedFor, operator, 200},
		{peer, XForwardedFor, "192.0.2.5, " + operator + ", 192.0.2.6", 200},

		{stranger + ":1000", "", "", 403},
		{stranger + ":1000", XForwardedFor, operator, 403},
		{peer, "", "", 403},
		{peer, XForwardedFor, stranger, 403},
		{peer, XForwardedFor, operator + ", " + stranger, 403},
		{peer, XForwardedFor, stranger + ", " + operator, 403},
		{peer, XForwardedFor, "192.0.2.5", 403},
		{peer, XForwardedFor, "unknown", 403},
		{peer, XRealIP, operator, 403},
		// A proxy that the server does not believe still shows that its client is a stranger.
		{"127.0.0.1:1000", XForwardedFor, stranger, 403},
		{"127.0.0.1:1000", XForwardedFor, "127.0.0.1, " + stranger, 403},
		{"127.0.0.1:1000", XForwardedFor, "unknown", 403},
		{"127.0.0.1:1000", XRealIP, stranger, 403},
		{"127.0.0.1:1000", Forwarded, "for=" + stranger, 403},
		{"127.0.0.1:1000", Forwarded, "for=_hidden", 403},
		{"@", XRealIP, stranger, 403},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := reportTo(Options{IsProxy: within("192.0.2.0/24")}, c.peer, func(r *http.Request) {
				if c.header != "" {
					r.Header.Set(c.header, c.value)
				}
			})
			if w.Code != c.want {
				t.Errorf("%s, %s %q: the status is %d, not %d", c.peer, c.header, c.value, w.Code, c.want)
			}
			if w.Code == 403 && (!strings.Contains(w.Body.String(), "partyline doctor") || strings.Contains(w.Body.String(), "192.0.2")) {
				t.Errorf("the answer is %q", w.Body)
			}
		})
	}
}

// TestReportRoutes requests the report without TLS, with other methods and hosts, and from a server
// without one.
func TestReportRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got Report
		w := reportTo(Options{RequireTLS: true}, "127.0.0.1:1000", nil)
		if json.Unmarshal(w.Body.Bytes(), &got); !got.RequiresTLS || got.TLS {
			t.Errorf("without TLS: %d, %+v", w.Code, got)
		}
		if w := reportTo(Options{}, "127.0.0.1:1000", func(r *http.Request) { r.Method = "POST" }); w.Code != 404 {
			t.Errorf("POST gets %d", w.Code)
		}
		hosts, _ := ParseHosts(nil)
		w = reportTo(Options{Hosts: hosts}, "127.0.0.1:1000", func(r *http.Request) { r.Host = "evil.example\x1b" })
		if w.Code != 421 || !strings.Contains(w.Body.String(), "evil.example\uFFFD") {
			t.Errorf("another host gets %d, %q", w.Code, w.Body)
		}
		w = httptest.NewRecorder()
		if New(Options{}).ServeHTTP(w, httptest.NewRequest("GET", ReportPath, nil)); w.Code != 404 {
			t.Errorf("a server without a report answers %d", w.Code)
		}
	})
}

// TestReportPieces receives the report and the newlines after it apart.
func TestReportPieces(t *testing.T) {
	server := httptest.NewServer(New(Options{Report: &ReportOptions{IsTrusted: within("127.0.0.0/8")}}))
	defer server.Close()
	res, err := http.Get(server.URL + ReportPath)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	report := json.NewDecoder(res.Body)
	if err := report.Decode(new(Report)); err != nil {
		t.Fatal(err)
	}
	newline, err := io.ReadAll(report.Buffered())
	if len(newline) > 0 || err != nil {
		t.Errorf("%q comes with the report, %v", newline, err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	received := time.Now()
	if rest, err := io.ReadAll(res.Body); string(rest) != "\n" || err != nil || time.Since(received) < ReportPause/4 {
		t.Errorf("after %v it ends in %q, %v", time.Since(received), rest, err)
	}
}
