package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"partyline/hub/admission"
)

// within returns an Options.IsProxy for some networks.
func within(networks ...string) func(netip.Addr) bool {
	var all []netip.Prefix
	for _, s := range networks {
		if s == "unix" {
			all = append(all, admission.Unix)
			continue
		}
		all = append(all, netip.MustParsePrefix(s))
	}
	return func(addr netip.Addr) bool { return admission.Within(all, addr) }
}

// clientOf returns the RemoteAddr at /ws of a request from peer, and the scheme in its URL.
func clientOf(opts Options, peer string, header http.Header) (addr, scheme string) {
	opts.WebSocket = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { addr, scheme = r.RemoteAddr, r.URL.Scheme })
	r := httptest.NewRequest("GET", "/ws", nil)
	r.RemoteAddr = peer
	r.Header = header
	New(opts).ServeHTTP(httptest.NewRecorder(), r)
	return addr, scheme
}

// peer is a proxy at 192.0.2.0/24.
const peer = "192.0.2.1:1000"

// A reported is what the proxies at 192.0.2.0/24 report in a header, with what clients forge.
type reported struct {
	values []string
	want   string
	warned bool // since an element has no address
}

// check sends a request with the values in a header from a proxy, and from another peer.
func (c reported) check(t *testing.T, header string) {
	t.Helper()
	var log bytes.Buffer
	opts := Options{IsProxy: within("192.0.2.0/24"), ProxyHeader: header, Log: slog.New(slog.NewTextHandler(&log, nil))}
	sent := http.Header{http.CanonicalHeaderKey(header): c.values}
	if got, _ := clientOf(opts, peer, sent); got != c.want {
		t.Errorf("%s %q: the address is %s, not %s", header, c.values, got, c.want)
	}
	if warned := log.Len() > 0; warned != c.warned {
		t.Errorf("%s %q: the log has %q", header, c.values, &log)
	}
	if got, _ := clientOf(opts, "203.0.113.1:1000", sent); got != "203.0.113.1:1000" {
		t.Errorf("%s %q from another peer: the address is %s", header, c.values, got)
	}
}

// TestForwardedFor tests the forms of X-Forwarded-For and X-Real-IP.
func TestForwardedFor(t *testing.T) {
	for _, c := range []reported{
		// The forms of an address.
		{[]string{"198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"198.51.100.7:51234"}, "198.51.100.7:51234", false},
		{[]string{"2001:db8::7"}, "[2001:db8::7]:0", false},
		{[]string{"2001:DB8:0:0:0:0:0:7"}, "[2001:db8::7]:0", false},
		{[]string{"[2001:db8::7]"}, "[2001:db8::7]:0", false},
		{[]string{"[2001:db8::7]:443"}, "[2001:db8::7]:443", false},
		{[]string{"2001:db8::7:443"}, "[2001:db8::7:443]:0", false}, // a port needs brackets
		{[]string{`"198.51.100.7"`}, "198.51.100.7:0", false},
		{[]string{`"198.51.100.7:51234"`}, "198.51.100.7:51234", false},
		{[]string{`"2001:db8::7"`}, "[2001:db8::7]:0", false},
		{[]string{`"[2001:db8::7]"`}, "[2001:db8::7]:0", false},
		{[]string{`"[2001:db8::7]:443"`}, "[2001:db8::7]:443", false},
		{[]string{"::ffff:198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"[::ffff:198.51.100.7]:443"}, "198.51.100.7:443", false},
		{[]string{"::ffff:c633:6407"}, "198.51.100.7:0", false},
		{[]string{"fe80::7%eth0"}, "[fe80::7]:0", false},
		{[]string{"[fe80::7%eth0]:443"}, "[fe80::7]:443", false},
		{[]string{" \t198.51.100.7:51234\t "}, "198.51.100.7:51234", false},

		// Several addresses: the last one that is not a proxy's is the client's.
		{[]string{"203.0.113.9, 198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"203.0.113.9,198.51.100.7:51234"}, "198.51.100.7:51234", false},
		{[]string{"203.0.113.9", "198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"198.51.100.7, 192.0.2.9"}, "198.51.100.7:0", false},
		{[]string{"198.51.100.7:51234, 192.0.2.9:80, [::ffff:192.0.2.8]:80"}, "198.51.100.7:51234", false},
		{[]string{"198.51.100.7", "192.0.2.9"}, "198.51.100.7:0", false},
		{[]string{"198.51.100.7,, ,"}, "198.51.100.7:0", false},
		{[]string{"198.51.100.7", "", " "}, "198.51.100.7:0", false},

		// The elements that a client sends precede those of the proxies, and are ignored.
		{[]string{"127.0.0.1, 198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"unknown, 198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`", 198.51.100.7`}, "198.51.100.7:0", false},
		{[]string{`"127.0.0.1, 198.51.100.7`}, "198.51.100.7:0", false},
		{[]string{`"`, "198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`for=127.0.0.1;by="`, "198.51.100.7:51234"}, "198.51.100.7:51234", false},
		{[]string{"192.0.2.9, 198.51.100.7"}, "198.51.100.7:0", false},

		// No client address: the request comes from the proxy itself.
		{nil, peer, false},
		{[]string{""}, peer, false},
		{[]string{" , ,"}, peer, false},
		{[]string{"192.0.2.9"}, "192.0.2.9:0", false},

		// An element without an address: the address is that of the proxy that appended it.
		{[]string{"unknown"}, peer, true},
		{[]string{"127.0.0.1, unknown"}, peer, true},
		{[]string{"127.0.0.1", "unknown"}, peer, true},
		{[]string{"127.0.0.1, unknown, 192.0.2.9"}, "192.0.2.9:0", true},
		{[]string{"127.0.0.1, _hidden"}, peer, true},
		{[]string{"127.0.0.1, nonsense"}, peer, true},
		{[]string{"127.0.0.1, for=198.51.100.7"}, peer, true},
		{[]string{"127.0.0.1, http://198.51.100.7"}, peer, true},
		{[]string{"127.0.0.1, 198.51.100"}, peer, true},
		{[]string{"127.0.0.1, 198.051.100.007"}, peer, true},
		{[]string{"127.0.0.1, 198.51.100.7:"}, peer, true},
		{[]string{"127.0.0.1, 198.51.100.7:65536"}, peer, true},
		{[]string{"127.0.0.1, 198.51.100.7:_port"}, peer, true},
		{[]string{"127.0.0.1, 198.51.100.7 198.51.100.8"}, peer, true},
		{[]string{"127.0.0.1, [198.51.100.7]"}, peer, true},
		{[]string{"127.0.0.1, [198.51.100.7]:443"}, peer, true},
		{[]string{"127.0.0.1, [2001:db8::7"}, peer, true},
		{[]string{"127.0.0.1, 2001:db8::7]"}, peer, true},
		{[]string{"127.0.0.1, []"}, peer, true},
		{[]string{`127.0.0.1, "198.51.100.7`}, peer, true},
		{[]string{`127.0.0.1, 198.51.100.7"`}, peer, true},
		{[]string{`127.0.0.1, "`}, peer, true},
		{[]string{`127.0.0.1, ""`}, peer, true},
		{[]string{"127.0.0.1; 198.51.100.7"}, peer, true},
		{[]string{"127.0.0.1, \x00\xff"}, peer, true},
	} {
		c.check(t, XForwardedFor)
		c.check(t, XRealIP)
	}
}

// TestProxies tests that proxies are trusted in every form of their address, and that no other
// peer is trusted.
func TestProxies(t *testing.T) {
	const header = "203.0.113.7"
	for _, c := range []struct {
		proxies []string
		peer    string
		trusted bool
	}{
		{nil, "192.0.2.1:1000", false},
		{[]string{"192.0.2.0/24"}, "192.0.2.1:1000", true},
		{[]string{"192.0.2.0/24"}, "[::ffff:192.0.2.1]:1000", true},
		{[]string{"192.0.2.0/24"}, "192.0.3.1:1000", false},
		{[]string{"2001:db8::/32"}, "[2001:db8::1]:1000", true},
		{[]string{"fe80::/10"}, "[fe80::1%eth0]:1000", true},
		{[]string{"::/0"}, "192.0.2.1:1000", false},
		{[]string{"0.0.0.0/0", "::/0"}, "@", false}, // a unix socket
		{[]string{"unix"}, "@", true},
		{[]string{"unix"}, "", true},
		{[]string{"unix"}, "/run/proxy.sock", true},
		{[]string{"unix"}, "192.0.2.1:1000", false},
		{[]string{"unix"}, "[::]:0", false},
	} {
		want := c.peer
		if c.trusted {
			want = header + ":0"
		}
		if got, _ := clientOf(Options{IsProxy: within(c.proxies...)}, c.peer, http.Header{XForwardedFor: {header}}); got != want {
			t.Errorf("%s with the proxies %v: the address is %s, not %s", c.peer, c.proxies, got, want)
		}
	}
}

// TestForwardedLogged tests that a header without an address is logged once a minute, in a line
// that is safe and short and has the invalid element.
func TestForwardedLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := New(Options{IsProxy: within("192.0.2.0/24"), Log: slog.New(slog.NewJSONHandler(&log, nil))})
		request := func(values ...string) (logged string) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = "192.0.2.1:1000"
			r.Header["X-Forwarded-For"] = values
			h.ServeHTTP(httptest.NewRecorder(), r)
			defer log.Reset()
			return log.String()
		}
		got := request(strings.Repeat("y", 8000), "\u009b31m\u202e"+strings.Repeat("x", 8000))
		if len(got) > 900 || strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\u009b\u202e") {
			t.Errorf("the log has %d bytes: %.300q", len(got), got)
		}
		for range 3 {
			time.Sleep(warnInterval - time.Second)
			if got := request("nonsense"); got != "" {
				t.Errorf("within a minute the log also has %s", got)
			}
			time.Sleep(time.Second)
			got := request("198.51.100.7, nonsense, 192.0.2.9:80")
			for _, part := range []string{`"WARN"`, `"element":"nonsense"`, `"header":"198.51.100.7, nonsense, 192.0.2.9:80"`, `"proxy":"192.0.2.9:80"`} {
				if !strings.Contains(got, part) {
					t.Errorf("after a minute the log does not have %s: %s", part, got)
				}
			}
		}
	})
}
