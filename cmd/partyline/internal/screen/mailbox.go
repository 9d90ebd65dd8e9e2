package screen

import (
	"context"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
)

// A mailbox holds what happened outside of the program until the program takes it, in batches, so that
// thousands of events a second do not keep it from its keys. Its methods may be called from any goroutine.
type mailbox struct {
	interval time.Duration // between two batches
	wake     chan struct{} // for run; has room for one element

	mu    sync.Mutex
	taken sync.Cond // of mu: a batch was taken
	items []tea.Msg
}

// A batch is what a mailbox has collected, in order.
type batch []tea.Msg

const (
	// batchInterval makes 30 batches a second at most.
	batchInterval = time.Second / 30
	// maxItems is how many items a mailbox holds before events wait.
	maxItems = 2000
)

func newMailbox(interval time.Duration) *mailbox {
	b := &mailbox{interval: interval, wake: make(chan struct{}, 1)}
	b.taken.L = &b.mu
	return b
}

// put adds an item. It never waits.
func (b *mailbox) put(item tea.Msg) {
	b.mu.Lock()
	b.items = append(b.items, item)
	b.mu.Unlock()
	b.notify()
}

// deliver adds an item when the mailbox has room for it, unless ctx is done first.
func (b *mailbox) deliver(ctx context.Context, item tea.Msg) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) >= maxItems {
		stop := context.AfterFunc(ctx, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.taken.Broadcast()
		})
		defer stop()
		for len(b.items) >= maxItems && ctx.Err() == nil {
			b.taken.Wait()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.items = append(b.items, item)
	b.notify()
	return nil
}

// run passes batches to send until ctx is done: the first item after a pause at once, the others together.
func (b *mailbox) run(ctx context.Context, send func(tea.Msg)) {
	pause := time.NewTicker(b.interval)
	defer pause.Stop()
	for {
		select {
		case <-b.wake:
		case <-ctx.Done():
			return
		}
		b.mu.Lock()
		items := b.items
		b.items = nil
		b.taken.Broadcast()
		b.mu.Unlock()
		if len(items) > 0 {
			send(batch(items))
			pause.Reset(b.interval)
			select {
			case <-pause.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (b *mailbox) notify() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
