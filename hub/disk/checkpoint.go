package disk

import (
	"context"
	"sync"
	"sync/atomic"
)

const (
	// checkpointAt is how long the log gets before it is copied into the file; it is cut to
	// that when it starts again. waitAt is how long before everything waits for the copy.
	checkpointAt = 4 << 20
	waitAt       = 64 << 20
)

// checkpoints copy the log into the file while the writer goes on.
type checkpoints struct {
	copying atomic.Bool
	all     sync.WaitGroup
}

// checkpoint starts one if the log is long. When all of it is in the file, the log starts
// again by itself with the next transaction; if nothing is written it is cut.
func (w *writer) checkpoint() {
	size := w.files.logSize
	w.files.logSize = 0 // not known until the next transaction
	switch {
	case size <= checkpointAt || w.health.err != nil:
	case size > waitAt:
		w.all.Wait()
		w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	case w.copying.CompareAndSwap(false, true):
		db, cut := w.db, w.isQuiet()
		w.all.Go(func() {
			defer w.copying.Store(false)
			conn, err := db.Conn(context.Background())
			if err != nil {
				return
			}
			defer conn.Close()
			conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
			if cut { // unless somebody reads
				conn.ExecContext(context.Background(), "PRAGMA busy_timeout = 0")
				conn.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
			}
		})
	}
}
