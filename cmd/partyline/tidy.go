package main

import (
	"context"
	"time"
)

const (
	// tidyEvery is how often tidy looks whether comings and goings are over.
	tidyEvery = 500 * time.Millisecond
	// quietLooks is after how many looks it has rooms give up what they don't need.
	quietLooks = 60
)

// house is what tidy looks after: a hub.Hub.
type house interface {
	Members() int
	Tidy()
}

// tidy gives memory back, until the end of ctx: now and then what rooms needed that are
// quiet now, and to the system when many members have come or gone. A crowd that arrives
// leaves half as much again to the collector as it needs to stay, and the runtime would
// keep that for minutes. What free does costs little while nobody moves.
func tidy(ctx context.Context, h house, free func()) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	last, tidied := 0, 0
	for look := 1; ; look++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if look%quietLooks == 0 {
			h.Tidy()
		}
		n := h.Members()
		moved := max(n-tidied, tidied-n)
		if n == last && moved >= max(100, tidied/10) {
			free()
			tidied = n
		}
		last = n
	}
}
