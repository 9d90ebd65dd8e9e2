package wsgw

import (
	"net/http"
	"net/url"
	"strings"
)

// Origins is a set of web sites and apps whose pages may open a WebSocket, besides the pages of
// the server's own site. A key is scheme://host or scheme://host:port as browsers send it, in
// lower case and without the scheme's default port. A host *.example.org matches all names
// with exactly one more label, as in a certificate.
type Origins map[string]bool

// SetOrigins replaces the origins that the gateway allows; at first there are none. The next requests
// use the new ones, and members stay. The caller must not change o afterwards.
func (g *Gateway) SetOrigins(o Origins) { g.origins.Store(&o) }

// allowsOrigin is Origins.allow with the current origins.
func (g *Gateway) allowsOrigin(r *http.Request) bool {
	if o := g.origins.Load(); o != nil {
		return o.allow(r)
	}
	return Origins(nil).allow(r)
}

// allow reports whether the page that sent r may open a WebSocket (RFC 6455 section
// 10.2). A request without an Origin does not come from a browser. The scheme of r.URL is "https" if
// the client is known to use TLS.
func (o Origins) allow(r *http.Request) bool {
	sent := r.Header["Origin"]
	if len(sent) == 0 {
		return true
	}
	if len(sent) > 1 {
		return false
	}
	u, err := url.Parse(sent[0])
	if err != nil || u.Scheme == "" || u.Host == "" || !strings.EqualFold(sent[0], u.Scheme+"://"+u.Host) {
		return false
	}
	host := plainHost(u.Scheme, u.Host)
	return isOwn(u.Scheme, r.URL.Scheme) && host == plainHost(u.Scheme, r.Host) || o.contains(u.Scheme, host)
}

// isOwn reports whether the server's own page may have an origin with the given scheme. used is the
// scheme of the request if it is known. Over TLS an http page is another site: the network may have
// changed it, or DNS rebinding may have given it the name of this server. Without TLS an https page
// is the server's own if a proxy ends TLS and does not report that.
func isOwn(origin, used string) bool {
	return origin == "https" || origin == "http" && used != "https"
}

// contains reports whether o contains an origin.
func (o Origins) contains(scheme, host string) bool {
	if o[scheme+"://"+host] {
		return true
	}
	label, parent, ok := strings.Cut(host, ".")
	return ok && label != "" && o[scheme+"://*."+parent]
}

// plainHost returns a host in lower case and without the scheme's default port.
func plainHost(scheme, host string) string {
	host = strings.ToLower(host)
	switch scheme {
	case "http", "ws":
		return strings.TrimSuffix(host, ":80")
	case "https", "wss":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
