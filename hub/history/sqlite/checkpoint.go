package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// checkpointAt is how many bytes the log gets before it is copied into the file; it is cut
	// to that when it starts again.
	checkpointAt = 4 << 20
	// cutAt is how many bytes it gets before it is cut although messages come all the time.
	cutAt = 16 << 20
	// warnAt is how many bytes it has before a reader that stops the copying is reported.
	warnAt = 32 << 20
	// stuckTime is how long that reader has read by then. The journal's own end earlier.
	stuckTime = 2 * readTime
)

// checkpoints copy the log into the file on a connection of their own, one at a time. The
// writer does not wait for them. While copying is false, the rest belongs to the writer.
type checkpoints struct {
	copying atomic.Bool
	all     sync.WaitGroup

	tried    time.Time // when the last one began
	complete bool      // it copied all of the log, a moment ago
	copied   int       // pages of the log that are in the file
	stuck    time.Time // since when no more could be copied; zero if all were
	warned   int64     // bytes of the log when a reader was reported last; 0 if none is
	failures report
}

// checkpoint does what a long log needs. When a checkpoint has copied all of it, the log
// starts again by itself with the next transaction, unless that came too early. It is cut
// if nothing is written, or if it gets too long.
func (w *writer) checkpoint() {
	size := w.files.logSize
	w.files.logSize = 0 // not known until the next transaction
	if w.copying.Load() {
		return
	}
	complete := w.complete
	w.complete = false // which the next transaction may change
	switch {
	case size <= checkpointAt || w.health.err != nil:
		return
	case complete && (w.isQuiet() || size > cutAt):
		w.cutLog() // there is little left to copy
		return
	case !w.stuck.IsZero() && time.Since(w.tried) < tick:
		return
	}
	w.tried = time.Now()
	w.copying.Store(true)
	db := w.db
	w.all.Go(func() {
		defer w.copying.Store(false)
		if err := w.copyLog(db, size); err != nil && w.failures.isDue(hint(err)) {
			w.j.log.Error("history's log can't be copied into the file; messages are stored as before",
				"file", w.j.path, "size", size, "err", err, "hint", hint(err))
		}
	})
}

// copyLog copies as much of the log into the file as readers allow.
func (w *writer) copyLog(db *sql.DB, size int64) error {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	// The second pass copies what came during the first. It leaves little to do, and little
	// that the disk does not have yet.
	for range 2 {
		copied, all, err := checkpoint(conn, "PASSIVE")
		if err != nil {
			return err
		}
		if w.noteReader(size, copied, all); !all {
			break
		}
	}
	return nil
}

// checkpoint copies the log into the file in one of SQLite's modes. It returns how many pages
// of the log are in the file, and whether these are all that the log had at the beginning. If
// they are not, a reader needs the file as it is.
func checkpoint(conn *sql.Conn, mode string) (copied int, all bool, err error) {
	var busy bool
	var pages int
	err = conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
	return copied, !busy && copied == pages, err
}

const readerHint = "another program keeps a read transaction open: end it, and the log gets short by itself"

// noteReader notes how much of the log a checkpoint copied. It logs when a reader has stopped
// the copying for long, each time the log has twice the size, and when that reader has ended.
func (w *writer) noteReader(size int64, copied int, all bool) {
	c := &w.checkpoints
	c.complete = all
	switch {
	case all:
		c.stuck = time.Time{}
		if c.warned > 0 {
			c.warned = 0
			w.j.log.Info("history's log is copied into the file again", "file", w.j.path)
		}
		return
	case c.stuck.IsZero() || copied != c.copied:
		c.stuck, c.copied = time.Now(), copied
	}
	if time.Since(c.stuck) >= stuckTime && size > warnAt && size >= 2*c.warned {
		c.warned = size
		w.j.log.Warn("history's log grows; messages are stored as before", "file", w.j.path+"-wal",
			"size", size, "hint", readerHint)
	}
}

// cutLog copies the rest of the log into the file and empties it, unless others read. It
// waits for none of them.
func (w *writer) cutLog() {
	w.exec("PRAGMA busy_timeout = 0")
	checkpoint(w.conn, "TRUNCATE")
	w.exec("PRAGMA busy_timeout = 2000")
}

// copyAll copies the log into the file and empties it. It waits a moment for others that read.
func (w *writer) copyAll() {
	w.all.Wait()
	if _, all, err := checkpoint(w.conn, "TRUNCATE"); err == nil && !all {
		w.j.log.Warn("history's log stays beside the file", "file", w.j.path+"-wal", "hint", readerHint)
	}
}
