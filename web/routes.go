package web

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// pageMethods are the methods that the page and the health check allow. Load balancers use
// OPTIONS to check a server.
var pageMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// routes adds paths to a router and knows the methods that each allows.
type routes struct {
	chi.Router
	allow map[string]string // of a path, as in the header of this name
}

// add has h answer the methods for path, except OPTIONS.
func (r routes) add(path string, h http.Handler, methods ...string) {
	r.allow[path] = strings.Join(methods, ", ")
	for _, m := range methods {
		if m == http.MethodOptions {
			r.Options(path, r.options)
		} else {
			r.Method(m, path, h)
		}
	}
}

func (r routes) options(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Allow", r.allow[req.URL.Path])
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers a request whose method its path does not allow, or chi does not know.
func (r routes) refuse(w http.ResponseWriter, req *http.Request) {
	allow, ok := r.allow[req.URL.Path]
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Allow", allow)
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}
