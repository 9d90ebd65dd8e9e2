package hub

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestCheck checks a hub while each of its locks is held for a moment: Check waits for it.
func TestCheck(t *testing.T) {
	h := New(Options{})
	r := newRoom(h, "lobby")
	h.rooms["lobby"] = r
	if err := h.Check(context.Background()); err != nil {
		t.Error(err)
	}
	h.mu.Lock()
	if err := h.Check(context.Background()); err != nil {
		t.Errorf("the success of a moment ago does not count: %v", err)
	}
	h.mu.Unlock()
	for name, lock := range map[string]sync.Locker{"hub": &h.mu, "room": &r.mu, "nicks": &h.nicks.mu} {
		h.checked = time.Time{}
		lock.Lock()
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if h.Check(ctx) == nil {
			t.Errorf("%s: the check does not take the lock", name)
		}
		cancel()
		checked := make(chan error)
		go func() { checked <- h.Check(context.Background()) }()
		lock.Unlock()
		if err := <-checked; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCheckFails checks a hub one of whose locks is never free: it gets an error in time, and many
// checks need no more goroutines than one.
func TestCheckFails(t *testing.T) {
	h := New(Options{})
	h.mu.Lock()
	before := runtime.NumGoroutine()
	for range 20 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if err := h.Check(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
		cancel()
	}
	if n := runtime.NumGoroutine() - before; n > 10 { // some may be of other tests
		t.Errorf("%d more goroutines", n)
	}
	h.mu.Unlock()
	if err := h.Check(context.Background()); err != nil {
		t.Error(err)
	}
}
