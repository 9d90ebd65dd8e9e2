package web

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"partyline/hub/clean"
)

const (
	// maxQuotedHeader limits what the log quotes of the header, in bytes.
	maxQuotedHeader = 300
	// warnInterval is the minimum time between two warnings about what proxies report.
	warnInterval = time.Minute
)

// An identifier finds the client of each request.
type identifier struct {
	trusted proxies
	log     *slog.Logger
	warn    rate.Sometimes
}

// setClient returns a middleware that sets the RemoteAddr of a request from a trusted proxy to the
// address of its client, and the scheme in the URL of any request to "https" if the client uses TLS,
// and to "" if it does not or is not known to. If the header of the proxy lacks the client's address,
// RemoteAddr becomes the address of the proxy that should have reported it, and the middleware logs a
// warning, at most once every warnInterval.
func setClient(trusted proxies, log *slog.Logger) func(http.Handler) http.Handler {
	id := &identifier{trusted: trusted, log: log, warn: rate.Sometimes{Interval: warnInterval}}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id.identify(r)
			next.ServeHTTP(w, r)
		})
	}
}

// identify sets the RemoteAddr and the URL's scheme of r.
func (id *identifier) identify(r *http.Request) {
	peer := r.RemoteAddr
	c := id.trusted.believe(r)
	r.RemoteAddr, r.URL.Scheme = c.addr, ""
	if c.secure {
		r.URL.Scheme = "https"
	}
	if c.source == fromConnection {
		id.warnUnset(r)
		id.log.Debug("client address", "transport", "http", "addr", c.addr, "source", c.source)
		return
	}
	if c.invalid != "" {
		header := strings.Join(r.Header.Values(id.trusted.header), ", ")
		id.warn.Do(func() {
			id.log.Warn("no client address in "+id.trusted.header+", using the proxy's", "proxy", c.addr,
				"element", clean.Quote(c.invalid, maxQuoted), "header", clean.Quote(header, maxQuotedHeader))
		})
	}
	id.log.Debug("client address", "transport", "http", "addr", c.addr, "source", c.source, "proxy", peer)
}

// fromConnection is the source of an address that no proxy has reported.
const fromConnection = "connection"

// A believed is the client of a request as the server believes it.
type believed struct {
	addr    string // as in http.Request.RemoteAddr
	secure  bool   // the client is known to use TLS
	source  string // the header that has the address, or fromConnection
	invalid string // the element of the header that lacks the address; addr is then that of a proxy
}

// believe returns the client of r, whose RemoteAddr is still that of the connection.
func (p proxies) believe(r *http.Request) believed {
	b := believed{addr: r.RemoteAddr, secure: r.TLS != nil, source: fromConnection}
	if !p.forwarded(r) {
		return b
	}
	b.source = p.headerOf(r)
	client, invalid := p.client(r)
	if client.addr.IsValid() { // a proxy on a unix socket has none
		b.addr = client.addr.String()
	}
	b.invalid = invalid
	switch strings.ToLower(client.proto) {
	case "https", "wss":
		b.secure = true
	case "http", "ws":
		b.secure = false
	}
	return b
}

// warnUnset logs a warning if a trusted proxy reports a client in another header than the one that
// counts.
func (id *identifier) warnUnset(r *http.Request) {
	for _, other := range []string{XForwardedFor, Forwarded, XRealIP} {
		p := proxies{id.trusted.isProxy, other}
		if other != id.trusted.header && p.forwarded(r) {
			id.warn.Do(func() {
				id.log.Warn("no "+id.trusted.header+" header from a proxy, using the proxy's address", "proxy", r.RemoteAddr,
					"hint", "set it in the proxy, or give --proxy-header "+other+" if the proxy sets that and does not just pass it on")
			})
			return
		}
	}
}
