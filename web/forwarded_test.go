package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestForwarded tests the forms of Forwarded (RFC 7239) that proxies send, and those that clients
// forge.
func TestForwarded(t *testing.T) {
	for _, c := range []reported{
		// The forms of an address.
		{[]string{"for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"For=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"FOR=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`for="198.51.100.7"`}, "198.51.100.7:0", false},
		{[]string{`for="198.51.100.7:51234"`}, "198.51.100.7:51234", false},
		{[]string{`for="198.51.100.7:_9f.-_"`}, "198.51.100.7:0", false},
		{[]string{`for="[2001:db8::7]"`}, "[2001:db8::7]:0", false},
		{[]string{`for="[2001:DB8::7]:443"`}, "[2001:db8::7]:443", false},
		{[]string{`for="[2001:db8::7]:_9f"`}, "[2001:db8::7]:0", false},
		{[]string{`for="[::ffff:198.51.100.7]:443"`}, "198.51.100.7:443", false},
		{[]string{`for="\1\9\8.51.100.7"`}, "198.51.100.7:0", false},
		{[]string{"for=198.51.100.7:51234"}, "198.51.100.7:51234", false}, // these need quotes
		{[]string{"for=[2001:db8::7]:443"}, "[2001:db8::7]:443", false},
		{[]string{"for=2001:db8::7"}, "[2001:db8::7]:0", false},
		{[]string{`for="2001:db8::7"`}, "[2001:db8::7]:0", false},

		// Other parameters.
		{[]string{"for=198.51.100.7;by=192.0.2.9;proto=https;host=chat.example"}, "198.51.100.7:0", false},
		{[]string{"proto=https;for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"proto=https ; for=198.51.100.7 ; by=_x\t"}, "198.51.100.7:0", false},
		{[]string{";;for=198.51.100.7;;"}, "198.51.100.7:0", false},
		{[]string{`host="a,b;c\",\\";for=198.51.100.7`}, "198.51.100.7:0", false},
		{[]string{`for=198.51.100.7;host="a, for=203.0.113.9"`}, "198.51.100.7:0", false},
		{[]string{`for=198.51.100.7;x="\\",for=192.0.2.9`}, "198.51.100.7:0", false},
		{[]string{`for=198.51.100.7;x="\"",for=192.0.2.9`}, "198.51.100.7:0", false},
		{[]string{`for=198.51.100.7;x=""`}, "198.51.100.7:0", false},

		// Several elements: the last one that is not a proxy's is the client's.
		{[]string{"for=203.0.113.9, for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"for=203.0.113.9", "for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`for=198.51.100.7,for="192.0.2.9:80"`, "for=192.0.2.8"}, "198.51.100.7:0", false},
		{[]string{"for=198.51.100.7,, ,", "", " "}, "198.51.100.7:0", false},

		// The elements that a client sends precede those of the proxies, and are ignored.
		{[]string{"for=127.0.0.1, for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{"for=unknown, for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`for=", for=198.51.100.7`}, "198.51.100.7:0", false},
		{[]string{`for="`, "for=198.51.100.7"}, "198.51.100.7:0", false},
		{[]string{`x="\, for="198.51.100.7:51234"`}, "198.51.100.7:51234", false},
		{[]string{`x=\", for="198.51.100.7:51234";host="a\"b"`}, "198.51.100.7:51234", false},
		{[]string{`"\\\`, `for="[2001:db8::7]"`}, "[2001:db8::7]:0", false},
		{[]string{"198.51.100.8, for=198.51.100.7"}, "198.51.100.7:0", false},

		// No client address: the request comes from the proxy itself.
		{nil, peer, false},
		{[]string{""}, peer, false},
		{[]string{" , ,"}, peer, false},
		{[]string{"for=192.0.2.9"}, "192.0.2.9:0", false},

		// An element without an address: the address is that of the proxy that appended it.
		{[]string{"for=unknown"}, peer, true},
		{[]string{`for="unknown:80"`}, peer, true},
		{[]string{"for=_hidden"}, peer, true},
		{[]string{`for="_SEVKISEK"`}, peer, true},
		{[]string{"for=203.0.113.9, for=_hidden, for=192.0.2.9"}, "192.0.2.9:0", true},
		{[]string{"for=203.0.113.9, by=192.0.2.1"}, peer, true},
		{[]string{"for=203.0.113.9, proto=https"}, peer, true},
		{[]string{"for=203.0.113.9, 198.51.100.7"}, peer, true},
		{[]string{"for=203.0.113.9, for = 198.51.100.7"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;for=198.51.100.7"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;For=198.51.100.8"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7 by=192.0.2.1"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;by"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;=x"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;b y=x"}, peer, true},
		{[]string{"for=203.0.113.9, for=198.51.100.7;by="}, peer, true},
		{[]string{"for=203.0.113.9, for="}, peer, true},
		{[]string{`for=203.0.113.9, for=""`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7`}, peer, true},
		{[]string{`for=203.0.113.9, for=198.51.100.7"`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7"x`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7\"`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7\`}, peer, true},
		{[]string{`for=203.0.113.9, for=198.51.100.7\`}, peer, true},
		{[]string{`for=203.0.113.9, for="\"198.51.100.7\""`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7:_"`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7:_a b"`}, peer, true},
		{[]string{`for=203.0.113.9, for="2001:db8::7:_x"`}, peer, true},
		{[]string{`for=203.0.113.9, for="[2001:db8::7"`}, peer, true},
		{[]string{`for=203.0.113.9, for="198.51.100.7:99999"`}, peer, true},
		{[]string{"for=203.0.113.9, for=\x00\xff"}, peer, true},
		{[]string{"for=203.0.113.9, f\xc3\xb6r=198.51.100.7"}, peer, true},
	} {
		c.check(t, Forwarded)
	}
}

// TestForwardedBounded tests that a header of many quotes, backslashes and elements is read in time
// that is proportional to its length.
func TestForwardedBounded(t *testing.T) {
	for _, part := range []string{`\`, `"`, `\"`, `"\`, ",", `",`, ";", "for=192.0.2.9,", "a=b;"} {
		value := strings.Repeat(part, 1<<20/len(part))
		opts := Options{IsProxy: within("192.0.2.0/24"), ProxyHeader: Forwarded}
		if got, _ := clientOf(opts, peer, http.Header{Forwarded: {value}}); got != peer && got != "192.0.2.9:0" {
			t.Errorf("%q, repeated: the address is %s", part, got)
		}
	}
}

// FuzzForwarded checks that what a client sends before the element of the proxy does not change the
// client's address, and that the parser accepts the elements that it returns.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{
		`for="`, `for=203.0.113.9;x="\`, `for="[2001:db8::7]:443";proto=https, for=_hidden`, `\\"\`, "for=unknown,,",
		`for="198.51.100.8:_x"`, ";;", `a="b\"c,d"`,
	} {
		f.Add(s, ", ", `for=198.51.100.7;host="a\"\\,"`)
	}
	p := proxies{within("192.0.2.0/24"), Forwarded}
	f.Fuzz(func(t *testing.T, forged, comma, appended string) {
		want, invalid := p.walk(hop{}.addr, []string{appended})
		if _, last := cutLastForwarded(appended); last == "" || strings.Trim(comma, " \t,") != "" || !strings.Contains(comma, ",") {
			return
		}
		h, ok := parseForwarded(appended)
		if !ok || p.contains(h.addr.Addr()) {
			return // the proxy appends one valid element, for another address than its own
		}
		if invalid != "" || want != h {
			t.Fatalf("%q: %v, %q; the element alone is %v", appended, want, invalid, h)
		}
		for _, values := range [][]string{{forged, appended}, {forged + comma + appended}} {
			if got, invalid := p.walk(hop{}.addr, values); got != want || invalid != "" {
				t.Fatalf("%q: %v, %q; want %v", values, got, invalid, want)
			}
		}
	})
}
