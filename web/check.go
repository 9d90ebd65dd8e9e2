package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// checkTimeout bounds a check of the server.
const checkTimeout = 2 * time.Second

// check returns a handler that answers 200 and "ok" if a check returns nil, and otherwise 503 and the
// error. A nil check always succeeds. The check must return soon after its context is done.
func check(do func(context.Context) error, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		if do != nil {
			ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
			defer cancel()
			if err := do(ctx); err != nil {
				log.Debug("check failed", "path", r.URL.Path, "err", err)
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintln(w, err)
				return
			}
		}
		io.WriteString(w, "ok")
	})
}
