package web

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"time"
)

// sending bounds the number of pages in memory that are being sent. Above it the page that has been
// sent for longest is cut off, so that clients that read slowly keep nobody out.
type sending struct {
	limit int

	mu      sync.Mutex
	writers []*http.ResponseController // in the order in which they began
}

// send sends a page, or only its header if the client has the page already or requests only that.
func (s *sending) send(w http.ResponseWriter, r *http.Request, p page) {
	h := w.Header()
	h.Set("Content-Type", p.mimeType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag(p.body))
	if p.links != "" {
		h.Set("Link", p.links)
	}
	writer := http.NewResponseController(w)
	s.begin(writer)
	defer s.end(writer)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(p.body))
}

func (s *sending) begin(writer *http.ResponseController) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writers = append(s.writers, writer)
	if len(s.writers) > s.limit {
		s.writers[0].SetWriteDeadline(time.Unix(1, 0)) // a write that waits returns an error
		s.writers = slices.Delete(s.writers, 0, 1)
	}
}

// end ends a begin. The deadline of the writer is not set afterwards: its connection may have the next
// response.
func (s *sending) end(writer *http.ResponseController) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.writers, writer); i >= 0 {
		s.writers = slices.Delete(s.writers, i, i+1)
	}
}
