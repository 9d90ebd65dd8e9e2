package app

import (
	"context"
	"time"
)

const (
	// maintainInterval is the time between two checks of the number of members.
	maintainInterval = 500 * time.Millisecond
	// checksPerTidy is the number of checks for each call of Tidy.
	checksPerTidy = 60
)

// A tidier is the part of hub.Hub that maintain uses.
type tidier interface {
	Members() int
	Tidy()
}

// maintain returns memory until ctx is done. At intervals it calls Tidy, which frees memory of
// quiet rooms. When many members have joined or left, and their number is stable again, it calls
// free, which returns memory to the system: joining takes half as much heap again as staying, and
// the runtime would keep that heap for minutes.
func maintain(ctx context.Context, h tidier, free func()) {
	tick := time.NewTicker(maintainInterval)
	defer tick.Stop()
	last, freed := 0, 0 // members at the last check, and when free was called
	for check := 1; ; check++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if check%checksPerTidy == 0 {
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
