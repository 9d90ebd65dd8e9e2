package sqlite

import (
	"database/sql"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// deleteAtOnce bounds a slice of work between two batches, so that a message waits for it
	// no more than a millisecond or two.
	deleteAtOnce = 256
	// shareTime is a span in which maintenance may take maintainTime: while much is said it
	// leaves the processor to that, and catches up if it is quiet for quietTime.
	shareTime    = time.Second
	maintainTime = shareTime / 20
	quietTime    = 200 * time.Millisecond
	// manyExcess is how many messages too many a room may have in the file before a batch
	// deletes as many as it stores: it stores them in the pages that are freed.
	manyExcess = 1024
	// mostExcess is how many there may be before they are trimmed whether there is time or
	// not. More are deleted at once then, which costs less for each.
	mostExcess       = 4096
	deleteWhenBehind = 1024
	// retryEvery is how long maintenance that failed waits.
	retryEvery = 10 * time.Second
)

// maintenance is what the writer does between batches. If it fails, messages are stored as
// before.
type maintenance struct {
	since time.Time     // when the span began
	took  time.Duration // in this span
	wrote time.Time     // when messages were written

	overfull  []*room // with messages in the file that are not kept
	expired   time.Time
	expiring  bool  // there may be more that is too old
	mistrusts bool  // the wall clock is ahead of what is trusted
	sweepAt   int64 // key of the room that the sweep looked at last
	swept     bool  // it has come to the end
	indexed   int64 // key of the newest message in the index
	unindexed bool  // there may be newer ones

	rebuilt time.Time // when the index was made again
	shrunk  time.Time // when the page caches were emptied

	turn   int          // the task that was last
	retry  [4]time.Time // when each may be tried again
	report report
}

// mayMaintain reports whether every task may be done now.
func (w *writer) mayMaintain() bool {
	now := time.Now()
	if now.Sub(w.since) >= shareTime {
		w.since, w.took = now, 0
	}
	return w.took < maintainTime || w.isQuiet()
}

// hasExcess reports whether the room that is trimmed next has more than n messages too many.
func (w *writer) hasExcess(n int) bool {
	return len(w.overfull) > 0 && w.overfull[0].excess > n
}

// isQuiet reports whether nothing was said for a while.
func (w *writer) isQuiet() bool { return time.Since(w.wrote) >= quietTime }

// maintain does a slice of the next task that has something to do, and reports whether
// there is one. The tasks take turns while there is time for them. A room with far too many
// messages is trimmed first, whether there is time or not.
func (w *writer) maintain() (did bool) {
	if w.health.err != nil {
		return false
	}
	if w.hasExcess(mostExcess) && w.do(trimTask) {
		return true
	}
	if !w.mayMaintain() {
		return false
	}
	began := time.Now()
	defer func() { w.took += time.Since(began) }()
	for range tasks {
		w.turn = (w.turn + 1) % len(tasks)
		if w.do(w.turn) {
			return true
		}
	}
	w.shrink()
	return false
}

// tasks are the kinds of maintenance; trimTask is the first.
var tasks = [4]func(*writer) (did bool, err error){(*writer).trim, (*writer).expire, (*writer).sweep, (*writer).index}

const trimTask = 0

// do does a slice of a task and reports whether there was one.
func (w *writer) do(task int) bool {
	if time.Now().Before(w.retry[task]) {
		return false
	}
	did, err := tasks[task](w)
	if err != nil {
		w.retry[task] = w.failed(err)
		return true
	}
	return did
}

// failed notes that a task failed, and returns when to try it again.
func (w *writer) failed(err error) (retry time.Time) {
	// FTS5 writes when a transaction is committed, so that the error of any task may be the
	// index's. If a new index does not help, something else is damaged.
	damaged := damagesIndex(err) || code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_CONSTRAINT
	if damaged && time.Since(w.rebuilt) >= retryEvery {
		w.j.indexDamaged.Store(true)
		return time.Time{} // it is made again first
	}
	var gone *goneError
	if errors.As(err, &gone) { // which concerns messages too
		w.fail(err)
		return time.Time{}
	}
	if hint := hint(err); w.report.isDue(hint) {
		w.j.log.Error("history can't be tidied; messages are stored as before", "file", w.j.path, "err", err, "hint", hint)
	}
	return time.Now().Add(retryEvery)
}

// enqueue notes that a room has messages in the file that are not kept. Journal.mu is held.
func (w *writer) enqueue(r *room) {
	if !r.queued {
		r.queued = true
		r.uses++
		w.overfull = append(w.overfull, r)
	}
}

// trim deletes a slice of the messages of a room that are not kept.
func (w *writer) trim() (did bool, err error) {
	if len(w.overfull) == 0 {
		return false, nil
	}
	r := w.overfull[0]
	w.overfull = append(w.overfull[1:], r) // others come next
	limit := deleteAtOnce
	if r.excess > mostExcess {
		limit = deleteWhenBehind
	}
	n, err := w.deleteBefore(r.key, r.next(), limit)
	if err != nil {
		return false, err
	}
	if r.excess = max(r.excess-n, 0); n < limit {
		w.overfull = w.overfull[:len(w.overfull)-1]
		w.j.mu.Lock()
		defer w.j.mu.Unlock()
		r.excess, r.queued = 0, false
		w.j.done(r)
	}
	return true, nil
}

// deleteBefore deletes the oldest messages of a room before an id, and returns how many.
func (w *writer) deleteBefore(room, id int64, limit int) (n int, err error) {
	err = w.transaction(false, func() error {
		s, err := w.oldest(room, id, limit)
		if err != nil || s.first == 0 {
			return err
		}
		n, err = w.delete(s)
		return err
	})
	return n, err
}

// oldest returns the oldest messages of a room before an id, at most limit. Its first id is 0
// if there are none.
func (w *writer) oldest(room, id int64, limit int) (s run, err error) {
	s.room = room
	err = w.row(`SELECT coalesce(min(id), 0), coalesce((SELECT id FROM messages
			WHERE room = ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ?3), ?2 - 1)
		FROM messages WHERE room = ?1 AND id < ?2`, room, id, limit-1).Scan(&s.first, &s.last)
	return s, err
}

// A run is all messages of a room from an id up to another.
type run struct{ room, first, last int64 }

// delete deletes a run, with its words, and returns how many messages it had. Their keys stay
// for a while.
func (w *writer) delete(s run) (n int, err error) {
	indexed, err := w.isIndexed(s)
	if err != nil {
		return 0, err
	}
	if indexed && !w.j.indexDamaged.Load() {
		err := w.exec(`DELETE FROM words WHERE rowid IN
			(SELECT key FROM messages WHERE room = ? AND id BETWEEN ? AND ? AND key <= ?)`, s.room, s.first, s.last, w.indexed)
		if err != nil {
			return 0, &indexError{err}
		}
	}
	return w.deleteRows(s)
}

// deleteRows deletes a run of which no message is in the index, or none any more.
func (w *writer) deleteRows(s run) (n int, err error) {
	if err := w.exec(`UPDATE keys SET gone = 1 WHERE room = ? AND id BETWEEN ? AND ?`, s.room, s.first, s.last); err != nil {
		return 0, err
	}
	result, err := w.result(`DELETE FROM messages WHERE room = ? AND id BETWEEN ? AND ?`, s.room, s.first, s.last)
	if err != nil {
		return 0, err
	}
	deleted, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	return int(deleted), w.exec(`UPDATE rooms SET last = max(last, ?) WHERE key = ?`, s.last, s.room)
}

// isIndexed reports whether messages of a run are in the index.
func (w *writer) isIndexed(s run) (is bool, err error) {
	err = w.row(`SELECT coalesce((SELECT key FROM messages WHERE room = ? AND id >= ? ORDER BY id LIMIT 1) <= ?, 0)`,
		s.room, s.first, w.indexed).Scan(&is)
	return is, err
}

// sweep looks at the next room that may not have been used since the start: whether the file
// has more messages of it than are kept, or nothing of it at all.
func (w *writer) sweep() (did bool, err error) {
	if w.swept {
		return false, nil
	}
	var key, first int64
	err = w.row(`SELECT key, coalesce((SELECT id FROM messages WHERE room = rooms.key ORDER BY id DESC LIMIT 1 OFFSET ?), 0)
		FROM rooms WHERE key > ? ORDER BY key LIMIT 1`, w.j.options.Keep.Messages, w.sweepAt).Scan(&key, &first)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		w.swept = true
		return false, nil
	case err != nil:
		return false, err
	case first > 0:
		_, err = w.deleteBefore(key, first+1, deleteAtOnce)
		return true, err
	}
	if err := w.removeEmpty([]int64{key}); err != nil {
		return false, err
	}
	w.sweepAt = key
	return true, nil
}
