package app

import (
	"net/http"
	"sync/atomic"
)

// A swapHandler serves with an http.Handler that may be replaced at any time.
type swapHandler struct{ current atomic.Pointer[http.Handler] }

func (s *swapHandler) set(h http.Handler) { s.current.Store(&h) }

// ServeHTTP implements http.Handler. A request keeps the handler that it began with.
func (s *swapHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*s.current.Load()).ServeHTTP(w, r)
}
