package app

import (
	"context"
	"time"
)

const (
	// maintainInterval is the time between two checks of the number of members.
	maintainInterval = 500 * time.Millisecond
	// roomInterval is the number of checks between two calls of Tidy.
	roomInterval = 60
)

// maintained is a hub.Hub.
type maintained interface {
	Members() int
	Tidy()
}

// maintain returns memory until ctx ends. At intervals quiet rooms free what they do not need.
// When many members have joined or left, and their number is stable again, free returns memory
// to the system: the heap that they needed to join is half as large again as what they need to
// stay, and the runtime would keep it for minutes.
func maintain(ctx context.Context, h maintained, free func()) {
	tick := time.NewTicker(maintainInterval)
	defer tick.Stop()
	last, freed := 0, 0 // members at the last check, and when free was called
	for check := 1; ; check++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if check%roomInterval == 0 {
			h.Tidy()
		}
		n := h.Members()
		change := max(n-freed, freed-n)
		if n == last && change >= max(100, freed/10) {
			free()
			freed = n
		}
		last = n
	}
}
