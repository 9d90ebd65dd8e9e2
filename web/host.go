package web

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"partyline/hub/clean"
)

// Hosts are names to which a server answers, besides those that always stand for it:
// localhost, names below it, loopback addresses, and the address that a request came to.
// The nil Hosts answers to any name.
//
// A page may have its own name point to an address of somebody else's network, this
// machine's for example (DNS rebinding). To the browser the server there is then the page's
// own, and its Origin equals its Host. That name is what gives it away.
type Hosts map[string]bool

// nameChars are the characters of a name in lower case, as browsers send it.
const nameChars = "abcdefghijklmnopqrstuvwxyz0123456789-_."

// ParseHosts reads names and addresses without a port. Its result is never nil.
func ParseHosts(list []string) (Hosts, error) {
	hosts := make(Hosts)
	for _, s := range list {
		name := plainName(s)
		if addr, err := netip.ParseAddr(name); err == nil {
			name = addr.Unmap().WithZone("").String()
		} else if name == "" || strings.Trim(name, nameChars) != "" {
			return nil, fmt.Errorf("%q is not a host: write it like chat.example.com, without a port and in ASCII", s)
		}
		hosts[name] = true
	}
	return hosts, nil
}

// know reports whether the server answers to the Host of r. A port does not matter, and a
// request without a Host is no browser's.
func (hosts Hosts) know(r *http.Request) bool {
	name := r.Host
	if name == "" {
		return true
	}
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	name = plainName(name)
	if hosts[name] || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return addr.IsLoopback() || addr == localAddr(r) || hosts[addr.String()]
}

// plainName returns a host without brackets, the dot that may end it, and case.
func plainName(s string) string {
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		return strings.ToLower(strings.TrimSuffix(inner, "]"))
	}
	return strings.ToLower(strings.TrimSuffix(s, "."))
}

// localAddr returns the address that r came to; the zero Addr if it is not known.
func localAddr(r *http.Request) netip.Addr {
	tcp, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

// requireHost answers 421 to a request with a Host that hosts does not know, unless one of
// the proxies forwards it: the proxy decides then. Such a request has an X-Forwarded-For,
// which no page can give a WebSocket.
func requireHost(hosts Hosts, trusted proxies, log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// A health check may use any name, and learns nothing else.
			if r.URL.Path == "/healthz" || hosts.know(r) || trusted.forward(r) {
				next.ServeHTTP(w, r)
				return
			}
			log.Warn("request for an unknown host refused", "host", clean.Quote(r.Host, 100), "addr", r.RemoteAddr,
				"hint", "if the name is this server's, give it with --host; if a proxy forwards the request, name the proxy with --proxy")
			w.Header().Set("Connection", "close") // one line in the log for each connection
			http.Error(w, "this server does not answer to that host: give it with --host NAME, "+
				"or name the proxy that forwards it with --proxy ADDRESS", http.StatusMisdirectedRequest)
		})
	}
}
