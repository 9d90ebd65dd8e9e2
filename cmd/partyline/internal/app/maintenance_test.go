package app

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestMaintain has many members join and leave. Memory is freed once after each change, when the
// number of members is stable.
func TestMaintain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var h fakeHub
		var freed atomic.Int64
		go maintain(ctx, &h, func() { freed.Add(1) })
		time.Sleep(maintainInterval / 2) // between two checks
		for _, step := range []struct{ members, freed int64 }{
			{0, 0}, {99, 0}, {99, 0}, // few
			{200, 0}, {5000, 0}, {9000, 0}, {9000, 1}, {9000, 1}, // many
			{9010, 1}, {9010, 1}, {9899, 1}, {9899, 1}, {9900, 1}, {9900, 2}, // a tenth more
			{3, 2}, {2, 2}, {2, 3}, {2, 3},
		} {
			h.members.Store(step.members)
			time.Sleep(maintainInterval)
			synctest.Wait()
			if n := freed.Load(); n != step.freed {
				t.Errorf("with %d members it was freed %d times, not %d", step.members, n, step.freed)
			}
		}
		if n := h.tidied.Load(); n != 0 {
			t.Errorf("the rooms were tidied %d times within %d checks", n, checksPerTidy)
		}
		time.Sleep(checksPerTidy * maintainInterval)
		synctest.Wait()
		if n := h.tidied.Load(); n != 1 {
			t.Errorf("the rooms were tidied %d times", n)
		}
		stop()
		synctest.Wait()
	})
}

type fakeHub struct{ members, tidied atomic.Int64 }

func (h *fakeHub) Members() int { return int(h.members.Load()) }

func (h *fakeHub) Tidy() { h.tidied.Add(1) }
