// Package web is partyline's face: the page that a browser opens, the health
// check, and the way to the WebSocket, which it is handed and knows nothing of.
//
// Every reference in the page is relative, so that it works as well under any
// path of a proxy that strips its prefix.
package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/go-chi/chi/v5"

	"partyline/hub/clean"
)

// Options are what New needs from outside.
type Options struct {
	// WebSocket answers GET /ws. Its ResponseWriter is the server's own, so that
	// it can be hijacked. Without one there is no /ws.
	WebSocket http.Handler

	// Proxies are the networks of proxies whose X-Forwarded-For is believed: the last address
	// in it that is not a proxy's becomes the request's RemoteAddr, with port 0 if the header
	// has none.
	Proxies []netip.Prefix

	// Hosts are the names to which the server answers; any other Host gets a 421, except
	// at /healthz and from Proxies. nil means any name.
	Hosts Hosts

	// Log gets warnings of refused hosts and of an X-Forwarded-For without an address, and at
	// debug level the paths that do not exist: the sign of a proxy that doesn't strip its
	// prefix. If it is nil, nothing is logged.
	Log *slog.Logger
}

// New returns the handler for everything that partyline serves over HTTP.
func New(opts Options) http.Handler {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	r := chi.NewRouter()
	r.Use(secure)
	if opts.Hosts != nil {
		r.Use(requireHost(opts.Hosts, opts.Proxies, log))
	}
	if len(opts.Proxies) > 0 {
		r.Use(readForwarded(opts.Proxies, log))
	}
	routes := routes{Router: r, allow: make(map[string]string)}
	for _, a := range assets() {
		routes.add(a.path, a, pageMethods...)
	}
	routes.add("/healthz", http.HandlerFunc(health), pageMethods...)
	if opts.WebSocket != nil {
		routes.add("/ws", opts.WebSocket, http.MethodGet)
	}
	r.MethodNotAllowed(routes.refuse)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		log.DebugContext(r.Context(), "no such page", "path", clean.Quote(r.URL.Path, 100))
		http.NotFound(w, r)
	})
	return r
}

func health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok")
}

// policy allows the page its own files and nothing else, not even inline styles.
// For connect-src, 'self' covers ws: and wss: to the page's own host and port (CSP 3;
// Firefox, Chromium since 71, Safari since 16). Writing ws: and wss: out for older
// ones would allow a connection to any host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secure sets headers and leaves the ResponseWriter as it is: /ws hijacks it.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}
