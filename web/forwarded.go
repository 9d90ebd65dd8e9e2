package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/clean"
)

// unixAddr is the RemoteAddr of a client on a unix socket. Such a client has no address, or has
// chosen it.
const unixAddr = "unix"

// forwardedFor is the header to which each proxy appends the address of its client.
const forwardedFor = "X-Forwarded-For"

const (
	// maxQuotedHeader limits what the log quotes of the header, in bytes.
	maxQuotedHeader = 300
	// warnInterval is the minimum time between two warnings about a header without an address.
	warnInterval = time.Minute
)

// proxies reports whether an address is that of a trusted proxy. It is Options.IsProxy.
type proxies func(netip.Addr) bool

func (p proxies) contains(addr netip.Addr) bool { return p != nil && p(addr) }

// forwarded reports whether a trusted proxy forwards r for a client.
func (p proxies) forwarded(r *http.Request) bool {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return p.contains(peer.Addr()) && slices.ContainsFunc(r.Header[forwardedFor], func(s string) bool { return s != "" })
}

// client returns the address of the client for which the proxy at peer forwards a request with
// the given values of X-Forwarded-For. It reads them from the right and stops at the first
// address that is not a proxy's: the client may have forged the rest. It also stops at an
// element without an address. It then returns the address of the proxy that appended the
// element, and the element as invalid.
//
// A comma separates elements even in quotes. Otherwise a client could send a quote to hide what
// the proxy appends.
func (p proxies) client(peer netip.AddrPort, values []string) (client netip.AddrPort, invalid string) {
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
			if client = addr; !p.contains(addr.Addr()) {
				return client, ""
			}
		}
	}
	return client, ""
}

// parseForwarded parses an element of X-Forwarded-For: an address, optionally with a port and
// in quotes. An IPv6 address may be in brackets, and must be if a port follows. Without a port
// the result has port 0. Anything else, such as "unknown" or the "_hidden" of RFC 7239, is not
// ok.
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

// setRemoteAddr returns a middleware that sets the RemoteAddr of a request from a trusted proxy
// to the address of its client. If X-Forwarded-For lacks that address, RemoteAddr becomes the
// address of the proxy that should have appended it, and the middleware logs a warning, at most
// once every warnInterval. The RemoteAddr of a client on a unix socket becomes unixAddr.
func setRemoteAddr(trusted proxies, log *slog.Logger) func(http.Handler) http.Handler {
	warn := rate.Sometimes{Interval: warnInterval}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			peer, err := netip.ParseAddrPort(r.RemoteAddr)
			if err != nil {
				r.RemoteAddr = unixAddr
			}
			values := r.Header[forwardedFor]
			if len(values) > 0 && trusted.contains(peer.Addr()) {
				client, invalid := trusted.client(peer, values)
				if client.IsValid() {
					r.RemoteAddr = client.String()
				}
				if invalid != "" {
					warn.Do(func() {
						log.Warn("no client address in X-Forwarded-For, using the proxy's", "proxy", r.RemoteAddr,
							"element", clean.Quote(invalid, maxQuoted), "header", clean.Quote(strings.Join(values, ", "), maxQuotedHeader))
					})
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}
