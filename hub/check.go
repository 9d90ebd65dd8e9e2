package hub

import (
	"context"
	"maps"
	"slices"
	"time"
)

// checkLife is how long the success of a check counts, so that many checks cost little.
const checkLife = time.Second

// Check returns nil if the hub works: each of its locks was free at some time in the last second, or
// is now. Otherwise it returns the error of ctx. A check that does not end is shared by later ones, so
// that they need no further goroutines.
func (h *Hub) Check(ctx context.Context) error {
	h.checkMu.Lock()
	if time.Since(h.checked) < checkLife {
		h.checkMu.Unlock()
		return nil
	}
	done := h.check
	if done == nil {
		done = make(chan struct{})
		h.check = done
		go h.lockAll(done)
	}
	h.checkMu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lockAll takes each lock once, and then closes done.
func (h *Hub) lockAll(done chan struct{}) {
	h.mu.Lock()
	rooms := slices.Collect(maps.Values(h.rooms))
	h.mu.Unlock()
	for _, r := range rooms {
		r.mu.Lock()
		//lint:ignore SA2001 that the lock is free is all that counts
		r.mu.Unlock()
	}
	h.nicks.mu.Lock()
	//lint:ignore SA2001 as above
	h.nicks.mu.Unlock()
	h.checkMu.Lock()
	h.check, h.checked = nil, time.Now()
	h.checkMu.Unlock()
	close(done)
}
