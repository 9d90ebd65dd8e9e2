package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// hstsAge is how long a browser that has used TLS refuses to use the same name without (RFC 6797).
// It is long enough for those that come once a month, and not so long that a server without TLS
// can't have the name again.
const hstsAge = 30 * 24 * time.Hour

// setHSTS returns a middleware that adds the Strict-Transport-Security header to the answer of a
// request over TLS, also if a trusted proxy ends TLS and passes on the bytes in it, so that it can't
// add the header itself. A name that belongs to every machine does not get it: the browser would
// refuse other servers there. Browsers ignore it for addresses.
func setHSTS(trusted proxies) func(http.Handler) http.Handler {
	value := fmt.Sprintf("max-age=%d", int(hstsAge.Seconds()))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if (r.TLS != nil || trusted.endsTLS(r)) && !isLocalhost(hostname(r.Host)) {
				w.Header().Set("Strict-Transport-Security", value)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// requireTLS returns a middleware that redirects requests without TLS. It serves those that reach
// no network: from a unix socket, or forwarded by a trusted proxy that speaks HTTP and decides
// whether its own client needs TLS. A proxy that sends a PROXY header, on a unix socket too, may pass
// on anything; it must say that its client uses TLS. It also serves health checks.
func requireTLS(trusted proxies) func(http.Handler) http.Handler {
	redirect := Redirect("")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.TLS != nil || withoutTLS(trusted, r) || r.URL.Path == "/healthz" {
				next.ServeHTTP(w, r)
				return
			}
			redirect.ServeHTTP(w, r)
		})
	}
}

// withoutTLS reports whether r needs no TLS to the server, as in requireTLS.
func withoutTLS(trusted proxies, r *http.Request) bool {
	_, err := netip.ParseAddrPort(r.RemoteAddr)
	onUnix := err != nil && !hasProxyHeader(r)
	byProxy := trusted.forwarded(r) && (trusted.headerOf(r) != PROXY || trusted.endsTLS(r))
	return onUnix || byProxy
}

// Redirect returns a handler that redirects GET and HEAD to the same URL over TLS (308), a
// WebSocket handshake to one that starts with wss. Other requests get a 400, because what they
// contain has already been sent in the clear. port replaces the port of the request; if it is "",
// the port stays.
func Redirect(port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.Host == "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "this server requires TLS: use https", http.StatusBadRequest)
			return
		}
		scheme := "https"
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			scheme = "wss"
		}
		target := scheme + "://" + withPort(r.Host, port) + r.URL.RequestURI()
		w.Header().Set("Location", target)
		http.Error(w, "this server requires TLS: use "+target, http.StatusPermanentRedirect)
	})
}

// withPort returns the host of a Host header with another port, which is left out if it is that of
// https. If port is "", it returns host.
func withPort(host, port string) string {
	if port == "" {
		return host
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if port != "443" {
		return net.JoinHostPort(name, port)
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}
