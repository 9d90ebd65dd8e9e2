package web

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/time/rate"

	"partyline/hub/clean"
)

// Hosts is the set of host names that a server accepts in requests. Besides its members it
// contains localhost and its subdomains, loopback addresses, and the local address of the
// request. A nil Hosts contains every name.
//
// Hosts protects against DNS rebinding: another site may resolve its own name to this server's
// address. The browser then treats the server as part of that site, so the Origin of a request
// equals its Host. Only the name shows that the site is not this server.
type Hosts map[string]bool

// nameChars are the characters of a host name. Browsers send names in lower case.
const nameChars = "abcdefghijklmnopqrstuvwxyz0123456789-_."

// ParseHosts returns the Hosts of a list of names and IP addresses without ports. If it returns
// no error, the result is not nil.
func ParseHosts(list []string) (Hosts, error) {
	hosts := make(Hosts)
	for _, s := range list {
		name := normalizeHost(s)
		if addr, err := netip.ParseAddr(name); err == nil {
			name = addr.Unmap().WithZone("").String()
		} else if name == "" || strings.Trim(name, nameChars) != "" {
			return nil, fmt.Errorf("%q is not a host: want an ASCII name or an IP address without a port, such as chat.example.com", s)
		}
		hosts[name] = true
	}
	return hosts, nil
}

// allow reports whether hosts contains the Host of r, whose port is ignored. A request
// without a Host does not come from a browser, and is allowed.
func (hosts Hosts) allow(r *http.Request) bool {
	if r.Host == "" {
		return true
	}
	name := hostname(r.Host)
	if hosts[name] || isLocalhost(name) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return addr.IsLoopback() || addr == localAddr(r) || hosts[addr.String()]
}

// isLocalhost reports whether each machine resolves a name to itself (RFC 6761 section 6.3).
func isLocalhost(name string) bool {
	return name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// hostname returns the name or the address in a Host header, as normalizeHost does.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return normalizeHost(host)
}

// normalizeHost returns a host in lower case, without brackets and without a final dot.
func normalizeHost(s string) string {
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.ToLower(strings.TrimSuffix(inner, "]"))
	}
	return strings.ToLower(strings.TrimSuffix(s, "."))
}

// localAddr returns the local address of the connection of r, or the zero Addr if it is
// unknown.
func localAddr(r *http.Request) netip.Addr {
	tcp, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

// requireHost returns a middleware that answers 421 to a request whose Host is not in hosts. It
// accepts any Host in a request that a trusted proxy forwards: the proxy is responsible for it.
// A forwarded request has the header of the proxy, which no page can set on a WebSocket. A proxy that
// sends a PROXY header does not look at the request, so any Host is accepted only if hosts has no
// members. It calls refused, which may be nil, for each 421, and logs a warning, at most once every
// warnInterval.
func requireHost(hosts Hosts, trusted proxies, refused func(), log *slog.Logger) func(http.Handler) http.Handler {
	warn := &rate.Sometimes{Interval: warnInterval}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			byProxy := trusted.forwarded(r) && (trusted.headerOf(r) != PROXY || len(hosts) == 0)
			// A health check may use any name, and its answer reveals nothing.
			if r.URL.Path == "/healthz" || hosts.allow(r) || byProxy {
				next.ServeHTTP(w, r)
				return
			}
			if refused != nil {
				refused()
			}
			warn.Do(func() {
				log.Warn("unknown host refused", "host", clean.Quote(r.Host, maxQuoted), "addr", r.RemoteAddr,
					"hint", "add a name of this server with --host, or a proxy that forwards requests with --proxy")
			})
			w.Header().Set("Connection", "close")
			http.Error(w, "this server does not answer to the host "+strconv.Quote(clean.Quote(r.Host, maxQuoted))+": give it with --host NAME, "+
				"or name the proxy that forwards it with --proxy ADDRESS", http.StatusMisdirectedRequest)
		})
	}
}
