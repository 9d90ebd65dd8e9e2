package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/admission"
	"partyline/hub/clean"
)

// forwardedFor is the header in which each proxy adds the address of its own client, on the
// right of those that the request had already.
const forwardedFor = "X-Forwarded-For"

const (
	// mostElement and mostHeader bound what the log quotes of that header, in bytes.
	mostElement = 100
	mostHeader  = 300
	// reportEvery is how often the log reports an X-Forwarded-For without an address.
	reportEvery = time.Minute
)

// proxies are the networks of the proxies whose X-Forwarded-For is believed.
type proxies []netip.Prefix

// contain reports whether addr is a proxy's.
func (p proxies) contain(addr netip.Addr) bool { return admission.Within(p, addr) }

// forward reports whether a proxy sends r for a client.
func (p proxies) forward(r *http.Request) bool {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return p.contain(peer.Addr()) && slices.ContainsFunc(r.Header[forwardedFor], func(s string) bool { return s != "" })
}

// client returns the address of the client for which the proxy at peer sends a request with
// the values of X-Forwarded-For. It reads them from the right and stops at the first address
// that is not a proxy's: whatever is further left may be the client's invention. If it comes
// to an element without an address, it returns that element, and the address of the proxy
// that added it.
//
// A comma separates elements even in quotes: otherwise a client could send a quote to hide what
// the proxy adds.
func (p proxies) client(peer netip.AddrPort, values []string) (client netip.AddrPort, unread string) {
	client = peer
	for _, value := range slices.Backward(values) {
		for _, element := range slices.Backward(strings.Split(value, ",")) {
			element = strings.Trim(element, " \t")
			if element == "" { // RFC 9110 section 5.6.1.2
				continue
			}
			addr, ok := parseForwarded(element)
			if !ok {
				return client, element
			}
			if client = addr; !p.contain(addr.Addr()) {
				return client, ""
			}
		}
	}
	return client, ""
}

// parseForwarded reads an element of X-Forwarded-For: an address, with a port or without one
// (0), an IPv6 address in brackets or without, and all of it in quotes or not. It returns false
// for anything else, such as "unknown" or the "_hidden" of RFC 7239.
func parseForwarded(s string) (addr netip.AddrPort, ok bool) {
	if inner, found := strings.CutPrefix(s, `"`); found {
		if s, found = strings.CutSuffix(inner, `"`); !found {
			return netip.AddrPort{}, false
		}
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s += ":0"
	}
	addr, err := netip.ParseAddrPort(s)
	if err != nil {
		bare, err := netip.ParseAddr(s)
		if err != nil {
			return netip.AddrPort{}, false
		}
		addr = netip.AddrPortFrom(bare, 0)
	}
	return netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port()), true
}

// readForwarded gives each request from one of the proxies the address of its client as its
// RemoteAddr. If X-Forwarded-For has no address where the client's should be, that is the
// address of the proxy that sent it, and the log gets a warning, at most one a minute.
func readForwarded(trusted proxies, log *slog.Logger) func(http.Handler) http.Handler {
	warn := rate.Sometimes{Interval: reportEvery}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			peer, _ := netip.ParseAddrPort(r.RemoteAddr)
			values := r.Header[forwardedFor]
			if len(values) > 0 && trusted.contain(peer.Addr()) {
				client, unread := trusted.client(peer, values)
				if unread != "" {
					warn.Do(func() {
						log.Warn("no client address in X-Forwarded-For: the request counts as its proxy's own", "proxy", client,
							"element", clean.Quote(unread, mostElement), "header", clean.Quote(strings.Join(values, ", "), mostHeader))
					})
				}
				r.RemoteAddr = client.String()
			}
			next.ServeHTTP(w, r)
		})
	}
}
