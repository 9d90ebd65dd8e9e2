// Package web serves the page, the history without a script and the health check over HTTP, and
// routes /ws to the WebSocket handler that it is given.
//
// All references in the page are relative, so that a proxy may serve it under any path
// whose prefix it strips.
package web

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"

	"partyline/hub/clean"
)

// maxQuoted limits what the log quotes of one value in a request, in bytes.
const maxQuoted = 100

// Options are the parameters of New. All are optional.
type Options struct {
	// WebSocket answers GET /ws. It gets the ResponseWriter of the http.Server, which it
	// may hijack. The request's URL has the scheme "https" if its client is known to use TLS, and
	// otherwise none. If WebSocket is nil, there is no /ws.
	WebSocket http.Handler

	// IsProxy reports whether an address is that of a trusted proxy; that of a peer on a unix socket
	// is the zero Addr. A request that a proxy forwards gets the address of its client as
	// RemoteAddr, with port 0 if the proxy reports no port. If IsProxy is nil, there are no proxies.
	IsProxy func(netip.Addr) bool

	// ProxyHeader is the only header in which a proxy is believed: XForwardedFor, Forwarded, XRealIP
	// or PROXY. The last address in it that is not a proxy's is the client's. "" means XForwardedFor.
	// It does not count for a connection that starts with a PROXY header (see ConnContext).
	ProxyHeader string

	// Hosts are the accepted host names. A request with any other Host gets a 421, unless it is
	// for /healthz or a proxy forwards it, without a PROXY header if Hosts has members. If Hosts is nil,
	// any name is accepted.
	Hosts Hosts

	// HostRefused is called for each request that gets a 421. It may be nil.
	HostRefused func()

	// Health returns nil if the server works, for /healthz. If it is nil, the server always works.
	Health func(context.Context) error

	// RequireTLS redirects requests without TLS to the same host and port, except those from a
	// unix socket without a PROXY header, those that a proxy forwards in a header of HTTP or with a
	// PROXY header that says that the client uses TLS, and those for /healthz.
	RequireTLS bool

	// Report makes the server answer GET /debug/proxy. If it is nil, there is no such path.
	Report *ReportOptions

	// History makes the server answer GET /log/ROOM with the messages of a room, and GET /m/ROOM/ID with
	// one message and those around it. If it is nil, there are no such paths.
	History History

	// IsExempt reports whether the requests for the History from an address have no limit of their own;
	// the address of a peer on a unix socket is the zero Addr. If it is nil, all have one.
	IsExempt func(netip.Addr) bool

	// Log gets warnings about refused hosts and about proxies that report no address. At debug
	// level it gets where the address of each client comes from, and unknown paths, which can show
	// that a proxy does not strip its prefix. If it is nil, nothing is logged.
	Log *slog.Logger
}

// New returns the handler for all HTTP requests.
func New(opts Options) http.Handler {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	trusted := proxies{opts.IsProxy, cmp.Or(opts.ProxyHeader, XForwardedFor)}

	r := chi.NewRouter()
	r.Use(secure, setHSTS(trusted))
	if opts.Hosts != nil {
		r.Use(requireHost(opts.Hosts, trusted, opts.HostRefused, log))
	}
	if opts.Report != nil {
		r.Use(serveReport(opts, trusted))
	}
	if opts.RequireTLS {
		r.Use(requireTLS(trusted))
	}
	r.Use(setClient(trusted, log))
	routes := routes{Router: r, allow: make(map[string]string)}
	for _, a := range pageAssets() {
		routes.add(a.path, a, pageMethods...)
	}
	routes.add("/healthz", check(opts.Health, log), pageMethods...)
	if opts.WebSocket != nil {
		routes.add("/ws", opts.WebSocket, http.MethodGet)
	}
	if opts.History != nil {
		newHistoryPages(opts.History, opts.IsExempt, log).addTo(routes)
	}
	r.MethodNotAllowed(routes.methodNotAllowed)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		log.DebugContext(r.Context(), "unknown path requested", "path", clean.Quote(r.URL.Path, maxQuoted))
		http.NotFound(w, r)
	})
	return r
}

// policy allows the page to load its own files only, and no inline styles. In connect-src,
// 'self' includes ws: and wss: to the page's own host and port (CSP 3; Firefox, Chromium
// since 71, Safari since 16). Listing ws: and wss: for older browsers would allow
// connections to any host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets security headers. It does not wrap the ResponseWriter, which /ws hijacks.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
