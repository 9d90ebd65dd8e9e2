package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/go-chi/chi/v5"
)

// AdminOptions are the parameters of NewAdmin.
type AdminOptions struct {
	Metrics http.Handler                // GET /metrics
	Health  func(context.Context) error // nil if the server works: GET /healthz
	Ready   func(context.Context) error // nil if the server takes clients and messages: GET /readyz

	// API has the functions whose results are the answers below /api/v1/, as JSON, by the path there.
	API map[string]func() any

	Hosts Hosts        // as in Options
	Log   *slog.Logger // as in Options
}

// NewAdmin returns the handler of the operator's listener. It must not be reachable for others: it
// shows the addresses of clients, and lets profile the program.
func NewAdmin(opts AdminOptions) http.Handler {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := chi.NewRouter()
	r.Use(secure)
	if opts.Hosts != nil {
		r.Use(requireHost(opts.Hosts, proxies{}, nil, log))
	}
	routes := routes{Router: r, allow: make(map[string]string)}
	for _, a := range append(assets("admin"), readAsset("static", "favicon.svg"), readAsset("static", "colors.css")) {
		routes.add(a.path, a, pageMethods...)
	}
	routes.add("/healthz", check(opts.Health, log), pageMethods...)
	routes.add("/readyz", check(opts.Ready, log), pageMethods...)
	routes.add("/metrics", opts.Metrics, http.MethodGet)
	for path, answer := range opts.API {
		routes.add("/api/v1/"+path, serveJSON(answer), http.MethodGet)
	}
	for path, h := range map[string]http.HandlerFunc{
		"":        pprof.Index,
		"*":       pprof.Index, // the profiles by name
		"cmdline": pprof.Cmdline, "profile": pprof.Profile, "symbol": pprof.Symbol, "trace": pprof.Trace,
	} {
		r.Get("/debug/pprof/"+path, h)
	}
	r.MethodNotAllowed(routes.methodNotAllowed)
	return r
}

// serveJSON answers with the result of a function.
func serveJSON(answer func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		e.Encode(answer()) // an error means that the client has left
	})
}
