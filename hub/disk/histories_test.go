package disk

import (
	"testing"

	"partyline/hub"
	"partyline/hub/hubtest"
)

func TestRooms(t *testing.T) {
	hubtest.TestRooms(t, 0, func(keep hub.Retention) hub.Journal {
		return startSmall(t, t.TempDir(), Options{Keep: keep, Sync: SyncNormal})
	})
}

// startSmall opens a journal that has few rooms in memory.
func startSmall(t *testing.T, dir string, o Options) *Journal {
	j := start(t, dir, o)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.maxUnused = 2
	return j
}
