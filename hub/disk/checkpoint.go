package disk

import (
	"sync"
	"sync/atomic"
)

const (
	// checkpointAt is how long the log gets before it is brought into the file; it is
	// cut to that when it begins anew. waitAt is how long before everything waits for it.
	checkpointAt = 4 << 20
	waitAt       = 64 << 20
)

// checkpoints bring the log into the file while the writer goes on.
type checkpoints struct {
	running atomic.Bool
	all     sync.WaitGroup
}

func (c *checkpoints) wait() { c.all.Wait() }

// checkSize begins a checkpoint where the log has grown. When all of it is in the file,
// the log begins anew by itself.
func (w *writer) checkSize() {
	size := w.files.logSize
	w.files.logSize = 0 // not known until the next transaction
	switch {
	case size <= checkpointAt || w.health.err != nil:
	case size > waitAt:
		w.checkpoints.wait()
		w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	case w.running.CompareAndSwap(false, true):
		db := w.db
		w.all.Go(func() {
			defer w.running.Store(false)
			db.Exec("PRAGMA wal_checkpoint(PASSIVE)")
		})
	}
}
