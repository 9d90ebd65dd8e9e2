package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkpointAt is the size of the log in bytes above which it is copied into the file. It is
	// truncated to that size when it starts again.
	checkpointAt = 4 << 20
	// truncateAt is the size of the log in bytes above which it is truncated even if the writer
	// is busy.
	truncateAt = 16 << 20
	// warnAt is the size of the log in bytes above which a reader that blocks checkpoints is
	// logged.
	warnAt = 32 << 20
	// stuckTime is how long a reader must block checkpoints before it is logged. Reads of the
	// Journal take less.
	stuckTime = 2 * readTime
)

// checkpoints copy the log into the file. A checkpoint runs on a goroutine and a connection of its
// own, one at a time, and the writer does not wait for it. While copying is set the fields below
// background belong to that goroutine, otherwise to the writer.
type checkpoints struct {
	w *writer

	copying    atomic.Bool
	background sync.WaitGroup

	tried      time.Time // when the last one started
	complete   bool      // the last one copied all of the log, which is unchanged since
	copied     int       // the number of pages of the log that are in the file
	stuckSince time.Time // since when a reader blocks checkpoints; zero if none does
	warned     int64     // the size of the log when a reader was logged last; 0 if none blocks
	failures   logLimiter
}

// checkpoint starts a checkpoint if the log is large. After a checkpoint that copied all of the log,
// SQLite starts the log again with the next transaction, unless a transaction came in between. The
// log is truncated if nothing is written, or if it gets too large.
func (c *checkpoints) checkpoint() {
	size := c.w.files.logSize
	c.w.files.logSize = 0 // unknown until the next transaction
	if c.copying.Load() {
		return
	}
	complete := c.complete
	c.complete = false // the next transaction changes it
	switch {
	case size <= checkpointAt || c.w.health.err != nil:
		return
	case complete && (c.w.isQuiet() || size > truncateAt):
		c.truncateLog() // there is little left to copy
		return
	case !c.stuckSince.IsZero() && time.Since(c.tried) < tick:
		return
	}
	c.tried = time.Now()
	c.copying.Store(true)
	db := c.w.db
	c.background.Go(func() {
		defer c.copying.Store(false)
		if err := c.copyLog(db, size); err != nil && c.failures.allow(hint(err)) {
			c.w.j.log.Error("checkpoint failed",
				"file", c.w.j.path, "size", size, "err", err, "hint", hint(err))
		}
	})
}

// copyLog copies the log into the file, as far as readers allow.
func (c *checkpoints) copyLog(db *sql.DB, size int64) error {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	// The second pass copies what was written during the first one. It leaves little to copy, and
	// little that is not synced.
	for range 2 {
		copied, all, err := walCheckpoint(conn, "PASSIVE")
		if err != nil {
			return err
		}
		if c.noteReader(size, copied, all); !all {
			break
		}
	}
	return nil
}

// walCheckpoint runs a checkpoint in one of SQLite's modes. It returns how many pages of the log
// are in the file, and whether these are all pages that the log had at the start. If they are not,
// a reader needs the old pages of the file.
func walCheckpoint(conn *sql.Conn, mode string) (copied int, all bool, err error) {
	var busy bool
	var pages int
	err = conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	return copied, !busy && copied == pages, err
}

const readerHint = "another program keeps a read transaction open: end it; no restart is needed"

// noteReader notes how much of the log a checkpoint copied. It logs that a reader has blocked
// checkpoints for stuckTime, again each time the size of the log has doubled, and that checkpoints
// work again.
func (c *checkpoints) noteReader(size int64, copied int, all bool) {
	c.complete = all
	switch {
	case all:
		c.stuckSince = time.Time{}
		if c.warned > 0 {
			c.warned = 0
			c.w.j.log.Info("checkpoints resumed", "file", c.w.j.path)
		}
		return
	case c.stuckSince.IsZero() || copied != c.copied:
		c.stuckSince, c.copied = time.Now(), copied
	}
	if time.Since(c.stuckSince) >= stuckTime && size > warnAt && size >= 2*c.warned {
		c.warned = size
		c.w.j.log.Warn("checkpoints blocked by a reader", "file", c.w.j.path+"-wal",
			"size", size, "hint", readerHint)
	}
}

// truncateLog copies the rest of the log into the file and truncates it, unless there are readers.
// It does not wait for them.
func (c *checkpoints) truncateLog() {
	c.w.exec("PRAGMA busy_timeout = 0")
	walCheckpoint(c.w.conn, "TRUNCATE")
	c.w.exec("PRAGMA busy_timeout = 2000")
}

// copyWholeLog copies the log into the file and truncates it. It waits a moment for readers.
func (c *checkpoints) copyWholeLog() {
	c.background.Wait()
	if _, all, err := walCheckpoint(c.w.conn, "TRUNCATE"); err == nil && !all {
		c.w.j.log.Warn("checkpoint at close blocked by a reader", "file", c.w.j.path+"-wal", "hint", readerHint)
	}
}
