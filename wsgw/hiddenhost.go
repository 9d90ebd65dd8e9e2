package wsgw

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"partyline/hub/clean"
)

// refusalInterval is the minimum time between two warnings about refused origins of one kind. A page of
// another site may be refused again and again, and a proxy hides the host of each request.
const refusalInterval = time.Minute

// hiddenHostHint names the directive that such a proxy lacks.
const hiddenHostHint = "nginx needs: proxy_set_header Host $http_host; (Caddy and HAProxy forward the Host header unless told otherwise). " +
	"partyline doctor URL checks the rest. If there is no proxy, a page of another site has tried to connect"

// logRefusal logs that the Origin of r is refused. If a proxy seems to hide the host, the line names
// the missing directive. After a line of either kind, the next ones are at debug level.
func (g *Gateway) logRefusal(r *http.Request) {
	values := []any{
		"transport", "ws", "addr", r.RemoteAddr,
		"origin", clean.Quote(strings.Join(r.Header["Origin"], " "), maxQuoted), "host", clean.Quote(r.Host, maxQuoted),
	}
	switch hides := hidesHost(r); {
	case !hides && g.mayWarn(&g.warnedOrigin):
		g.Log.Warn("origin refused", append(values, "hint", "allow it with --origin; a proxy must report the scheme of the page")...)
	case hides && g.mayWarn(&g.warnedHost):
		g.Log.Warn("origin refused, as a proxy seems to hide the host", append(values, "hint", hiddenHostHint)...)
	default:
		g.Log.Debug("origin refused", values...)
	}
}

// mayWarn reports whether refusalInterval has passed since last, when it last returned true.
func (g *Gateway) mayWarn(last *time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !last.IsZero() && time.Since(*last) < refusalInterval {
		return false
	}
	*last = time.Now()
	return true
}

// hidesHost reports whether r, whose Origin is refused, looks as if it came from a page of this
// server through a proxy that replaces the Host header: by the name or the address with which the
// proxy reaches the server, or by the name without its port. It can't be sure, since the page of
// another site may send the same.
func hidesHost(r *http.Request) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || origin.Scheme != "http" && origin.Scheme != "https" || origin.Host == "" {
		return false
	}
	if plainHost(origin.Scheme, origin.Host) == plainHost(origin.Scheme, r.Host) {
		return false // the scheme is refused
	}
	host := (&url.URL{Host: r.Host}).Hostname()
	if strings.EqualFold(origin.Hostname(), host) {
		return isForwarded(r.Header)
	}
	return strings.EqualFold(r.Header.Get("X-Forwarded-Host"), origin.Host) || reach(host) < reach(origin.Hostname())
}

// isForwarded reports whether a request has a header that proxies add.
func isForwarded(h http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via"} {
		if len(h[name]) > 0 {
			return true
		}
	}
	return false
}

// reach returns from how far a host can be reached by its name: 0 from its own machine, or from a
// proxy that has a name for it, 1 from its own network, 2 from everywhere.
func reach(host string) int {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		switch {
		case addr.IsLoopback():
			return 0
		case addr.IsPrivate(), addr.IsLinkLocalUnicast():
			return 1
		}
		return 2
	}
	switch label := host[strings.LastIndexByte(host, '.')+1:]; label {
	case host, "localhost":
		return 0
	case "local", "internal", "lan", "arpa", "test":
		return 1
	}
	return 2
}
