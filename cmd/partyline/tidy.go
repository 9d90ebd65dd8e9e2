package main

import (
	"context"
	"time"
)

// tidyEvery is how often tidy looks whether comings and goings are over.
const tidyEvery = 500 * time.Millisecond

// tidy gives memory back to the system when many have come or gone, until the end of ctx.
// A crowd that arrives leaves half as much again to the collector as it needs to stay, and
// the runtime would keep that for minutes. What free does costs little while nobody moves.
func tidy(ctx context.Context, members func() int, free func()) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	last, tidied := 0, 0
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		n := members()
		moved := max(n-tidied, tidied-n)
		if n == last && moved >= max(100, tidied/10) {
			free()
			tidied = n
		}
		last = n
	}
}
