package web

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The values of Options.ProxyHeader.
const (
	XForwardedFor = "X-Forwarded-For" // each proxy appends the address of its client
	Forwarded     = "Forwarded"       // RFC 7239: the same, with the scheme of the request
	XRealIP       = "X-Real-IP"       // the only proxy sets the address of its client
	PROXY         = "PROXY"           // the header of the PROXY protocol, before the first request of a connection
)

// forwardedProto is the header in which proxies report the scheme, if it is not a part of Forwarded.
const forwardedProto = "X-Forwarded-Proto"

// proxies are the trusted proxies, and the header in which they report their clients.
type proxies struct {
	isProxy func(netip.Addr) bool // Options.IsProxy
	header  string                // a value of Options.ProxyHeader, not ""
}

// A hop is what a proxy reports of the client, or of the proxy, that sent it a request.
type hop struct {
	addr  netip.AddrPort
	proto string // the scheme of the request, as the proxy reports it; "" if it does not
}

func (p proxies) contains(addr netip.Addr) bool { return p.isProxy != nil && p.isProxy(addr) }

// headerOf returns the header that counts for r. A connection that starts with a PROXY header passes
// on the bytes of its client, which can forge every header of HTTP, even if the PROXY header does not
// name the client.
func (p proxies) headerOf(r *http.Request) string {
	if hasProxyHeader(r) {
		return PROXY
	}
	return p.header
}

// forwarded reports whether a trusted proxy forwards r for a client.
func (p proxies) forwarded(r *http.Request) bool {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	if !p.contains(peer.Addr()) {
		return false
	}
	if p.headerOf(r) == PROXY {
		return fromProxyHeader(r).IsValid()
	}
	return slices.ContainsFunc(r.Header.Values(p.header), func(s string) bool { return s != "" })
}

// endsTLS reports whether a trusted proxy forwards r for a client, and says in a PROXY header that
// the client uses TLS, which the proxy ends.
func (p proxies) endsTLS(r *http.Request) bool {
	_, usesTLS, ok := proxyHeader(connOf(r))
	return ok && usesTLS && p.forwarded(r)
}

// client returns the client of a request that a trusted proxy forwards. If an element of the header
// that counts has no address, the client is the proxy that appended the element, and the element is
// returned as invalid.
func (p proxies) client(r *http.Request) (client hop, invalid string) {
	if p.headerOf(r) == PROXY {
		client.addr = fromProxyHeader(r)
		if p.endsTLS(r) {
			client.proto = "https"
		}
		return client, ""
	}
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	client, invalid = p.walk(peer, r.Header.Values(p.header))
	if p.header != Forwarded {
		if proto := r.Header.Values(forwardedProto); len(proto) > 0 {
			_, client.proto = cutLast(proto[len(proto)-1])
		}
	}
	return client, invalid
}

// walk returns the client for which the proxy at peer forwards a request with the given values of
// the header. It reads them from the right and stops at the first address that is not a proxy's: the
// client may have forged the rest. It also stops at an element without an address. It then returns
// the address of the proxy that appended the element, and the element as invalid.
func (p proxies) walk(peer netip.AddrPort, values []string) (client hop, invalid string) {
	cut, parse := cutLast, parseElement
	if p.header == Forwarded {
		cut, parse = cutLastForwarded, parseForwarded
	}
	client.addr = peer
	for _, value := range slices.Backward(values) {
		for value != "" {
			var element string
			if value, element = cut(value); element == "" { // RFC 9110 section 5.6.1.2
				continue
			}
			h, ok := parse(element)
			if !ok {
				return hop{client.addr, h.proto}, element
			}
			if client = h; !p.contains(h.addr.Addr()) {
				return client, ""
			}
		}
	}
	return client, ""
}

// cutLast returns the last element of a list that is separated by commas, and what is before it. A
// comma separates elements even in quotes. Otherwise a client could send a quote to hide what the
// proxy appends.
func cutLast(list string) (before, last string) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], strings.Trim(list[i+1:], " \t")
}

// parseElement parses an element of X-Forwarded-For or X-Real-IP: an address as in parseAddr, which
// may be in quotes.
func parseElement(s string) (h hop, ok bool) {
	if inner, found := strings.CutPrefix(s, `"`); found {
		if s, found = strings.CutSuffix(inner, `"`); !found {
			return hop{}, false
		}
	}
	h.addr, ok = parseAddr(s)
	return h, ok
}

// parseAddr parses an address, optionally with a port. An IPv6 address may be in brackets, and must
// be if a port follows. Without a port the result has port 0.
func parseAddr(s string) (addr netip.AddrPort, ok bool) {
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

// A proxied is a connection that may start with a PROXY header.
type proxied interface {
	// ProxyHeader returns the client's address in the header, or nil if the header names no client,
	// and whether the client uses TLS, which the proxy ends. ok is false if there is no header, or
	// none yet: it is read before the first Read returns.
	ProxyHeader() (client net.Addr, usesTLS, ok bool)
}

// connKey is the key of the connection in the context of a request.
type connKey struct{}

// ConnContext is the ConnContext function of an http.Server. The handler of New needs it if the
// listener's connections, or those below a *tls.Conn, have the method ProxyHeader of a
// socket.ProxiedConn. If a connection starts with a PROXY header, Options.ProxyHeader does not matter.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf returns the connection of r, or nil.
func connOf(r *http.Request) net.Conn {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return c
}

// hasProxyHeader reports whether the connection of r starts with a PROXY header.
func hasProxyHeader(r *http.Request) bool {
	_, _, ok := proxyHeader(connOf(r))
	return ok
}

// fromProxyHeader returns the address in the PROXY header of the connection of r. It is not valid
// if there is none.
func fromProxyHeader(r *http.Request) netip.AddrPort { return ProxyClient(connOf(r)) }

// ProxyClient returns the address in the PROXY header of a connection as in ConnContext. It is not
// valid if there is none, or none yet. No other goroutine may read the connection meanwhile.
func ProxyClient(c net.Conn) netip.AddrPort {
	client, _, _ := proxyHeader(c)
	if client == nil {
		return netip.AddrPort{}
	}
	addr, _ := netip.ParseAddrPort(client.String())
	return netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port())
}

// proxyHeader returns what the PROXY header of a connection as in ConnContext says, as in proxied.
func proxyHeader(c net.Conn) (client net.Addr, usesTLS, ok bool) {
	if t, isTLS := c.(*tls.Conn); isTLS {
		c = t.NetConn()
	}
	if p, isProxied := c.(proxied); isProxied {
		return p.ProxyHeader()
	}
	return nil, false, false
}
