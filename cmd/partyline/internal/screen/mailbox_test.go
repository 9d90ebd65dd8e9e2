package screen

import (
	"context"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// TestMailbox checks that a mailbox passes everything on in order, in batches of a bounded size, and makes those wait
// that deliver too much.
func TestMailbox(t *testing.T) {
	const items = 20_000
	ctx, cancel := context.WithCancel(t.Context())
	b := newMailbox(time.Millisecond)
	var running sync.WaitGroup
	got := make(chan batch)
	running.Go(func() { b.run(ctx, func(msg tea.Msg) { got <- msg.(batch) }) })
	running.Go(func() {
		for i := range items {
			if err := b.deliver(ctx, i); err != nil {
				t.Error(err)
			}
		}
	})
	for next := 0; next < items; {
		items := <-got
		if len(items) > maxItems {
			t.Fatalf("a batch of %d items", len(items))
		}
		for _, item := range items {
			if item != next {
				t.Fatalf("got %v after %d", item, next-1)
			}
			next++
		}
	}
	cancel()
	running.Wait()

	for range maxItems {
		b.put(0)
	}
	if err := b.deliver(ctx, 0); err != context.Canceled {
		t.Errorf("deliver returned %v after the end", err)
	}
}
