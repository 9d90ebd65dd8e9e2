package web

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
)

// pageMethods are the methods of the page and the health check. Some load balancers check a
// server with OPTIONS.
var pageMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// routes is a router that records the allowed methods of each path. Each path has GET.
type routes struct {
	chi.Router
	allow map[string]string // pattern of paths → the value of their Allow header
}

// add routes the methods of the paths of a pattern to h, except OPTIONS, which routes answers itself.
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
	w.Header().Set("Allow", r.allowed(req))
	w.WriteHeader(http.StatusNoContent)
}

// methodNotAllowed answers a request whose method is unknown to chi or not allowed for its path.
func (r routes) methodNotAllowed(w http.ResponseWriter, req *http.Request) {
	allow := r.allowed(req)
	if allow == "" {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Allow", allow)
	http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
}

// allowed returns the allowed methods of the path of a request, or "" if there is no such path.
func (r routes) allowed(req *http.Request) string {
	return r.allow[r.Find(chi.NewRouteContext(), http.MethodGet, cmp.Or(req.URL.RawPath, req.URL.Path))]
}
