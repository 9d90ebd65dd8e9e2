package sqlite

import (
	"database/sql"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// deleteAtOnce is the number of rows that are deleted between two batches. It delays a
	// message by no more than a millisecond or two.
	deleteAtOnce = 256
	// Maintenance takes at most maintainTime in each period of shareTime, unless no message was
	// stored for quietTime.
	shareTime    = time.Second
	maintainTime = shareTime / 20
	quietTime    = 200 * time.Millisecond
	// manyExcess is the excess of a room above which a batch deletes as many messages as it
	// stores, which reuses the pages that are freed.
	manyExcess = 1024
	// maxExcess is the excess above which a room is trimmed at once, even if maintenance has no
	// time left. Then deleteMoreAtOnce messages are deleted at a time, which costs less for
	// each.
	maxExcess        = 4096
	deleteMoreAtOnce = 1024
	// retryEvery is how long a failed task waits before it runs again.
	retryEvery = 10 * time.Second
)

// maintenance is the state of the tasks that the writer runs between batches. If they fail, messages
// are stored nevertheless.
type maintenance struct {
	since time.Time     // when the current period of shareTime started
	took  time.Duration // the time that maintenance took in this period
	wrote time.Time     // when messages were stored last

	overfull   []*room // the rooms that have an excess of messages in the file
	expired    time.Time
	expiring   bool  // there may be more messages or keys that are too old
	clockAhead bool  // the wall clock is ahead of the trusted time
	sweepAt    int64 // the key of the last room that sweep checked
	swept      bool  // sweep has checked all rooms
	indexed    int64 // the key of the newest message in the index
	unindexed  bool  // there may be newer messages

	rebuilt time.Time // when the index was rebuilt
	shrunk  time.Time // when the page caches were emptied

	turn   int          // the task that ran last
	retry  [4]time.Time // when each task may run again after a failure
	report report
}

// mayMaintain reports whether maintenance has time left.
func (w *writer) mayMaintain() bool {
	now := time.Now()
	if now.Sub(w.since) >= shareTime {
		w.since, w.took = now, 0
	}
	return w.took < maintainTime || w.isQuiet()
}

// hasExcess reports whether the room that is trimmed next has an excess of more than n messages.
func (w *writer) hasExcess(n int) bool {
	return len(w.overfull) > 0 && w.overfull[0].excess > n
}

// isQuiet reports whether no message was stored for quietTime.
func (w *writer) isQuiet() bool { return time.Since(w.wrote) >= quietTime }

// maintain runs a slice of the next task that has something to do, and reports whether there was
// one. The tasks take turns. A room with far too many messages is trimmed first, even if there is no
// time left.
func (w *writer) maintain() (did bool) {
	if w.health.err != nil {
		return false
	}
	if w.hasExcess(maxExcess) && w.runTask(trimTask) {
		return true
	}
	if !w.mayMaintain() {
		return false
	}
	start := time.Now()
	defer func() { w.took += time.Since(start) }()
	for range tasks {
		w.turn = (w.turn + 1) % len(tasks)
		if w.runTask(w.turn) {
			return true
		}
	}
	w.shrink()
	return false
}

// tasks are the kinds of maintenance; trimTask is the first.
var tasks = [4]func(*writer) (did bool, err error){(*writer).trim, (*writer).expire, (*writer).sweep, (*writer).index}

const trimTask = 0

// runTask runs a slice of a task and reports whether it had something to do.
func (w *writer) runTask(task int) bool {
	if time.Now().Before(w.retry[task]) {
		return false
	}
	did, err := tasks[task](w)
	if err != nil {
		w.retry[task] = w.taskFailed(err)
		return true
	}
	return did
}

// taskFailed handles the error of a task and returns when to run the task again.
func (w *writer) taskFailed(err error) (retry time.Time) {
	// FTS5 writes when a transaction is committed, so the error of any task may be caused by the
	// index. If a new index does not help, something else is damaged.
	damaged := isIndexDamage(err) || code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_CONSTRAINT
	if damaged && time.Since(w.rebuilt) >= retryEvery {
		w.j.indexDamaged.Store(true)
		return time.Time{} // rebuild it first
	}
	var gone *missingError
	if errors.As(err, &gone) { // messages can't be stored either
		w.setFailed(err)
		return time.Time{}
	}
	if hint := hint(err); w.report.isDue(hint) {
		w.j.log.Error("maintenance failed", "file", w.j.path, "err", err, "hint", hint)
	}
	return time.Now().Add(retryEvery)
}

// enqueueLocked adds a room to the rooms to trim.
func (w *writer) enqueueLocked(r *room) {
	if !r.queued {
		r.queued = true
		r.uses++
		w.overfull = append(w.overfull, r)
	}
}

// trim deletes a slice of the excess of the next room.
func (w *writer) trim() (did bool, err error) {
	if len(w.overfull) == 0 {
		return false, nil
	}
	r := w.overfull[0]
	w.overfull = append(w.overfull[1:], r) // the rooms take turns
	limit := deleteAtOnce
	if r.excess > maxExcess {
		limit = deleteMoreAtOnce
	}
	n, err := w.deleteBefore(r.key, r.firstKept(), limit)
	if err != nil {
		return false, err
	}
	if r.excess = max(r.excess-n, 0); n < limit {
		w.overfull = w.overfull[:len(w.overfull)-1]
		w.j.mu.Lock()
		defer w.j.mu.Unlock()
		r.excess, r.queued = 0, false
		w.j.doneLocked(r)
	}
	return true, nil
}

// deleteBefore deletes the oldest messages of a room before an id, and returns how many.
func (w *writer) deleteBefore(room, id int64, limit int) (n int, err error) {
	err = w.transaction(false, func() error {
		s, err := w.oldestRun(room, id, limit)
		if err != nil || s.first == 0 {
			return err
		}
		n, err = w.deleteRun(s)
		return err
	})
	return n, err
}

// oldestRun returns the oldest messages of a room before an id, at most limit. Its first id is 0 if
// there are none.
func (w *writer) oldestRun(room, id int64, limit int) (s idRun, err error) {
	s.room = room
	err = w.row(`SELECT coalesce(min(id), 0), coalesce((SELECT id FROM messages
			WHERE room = ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ?3), ?2 - 1)
		FROM messages WHERE room = ?1 AND id < ?2`, room, id, limit-1).Scan(&s.first, &s.last)
	return s, err
}

// An idRun is all messages of a room with first <= id <= last.
type idRun struct{ room, first, last int64 }

// deleteRun deletes the messages of a run, also from the index, and returns their number. It marks
// their keys as those of deleted messages.
func (w *writer) deleteRun(s idRun) (n int, err error) {
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

// deleteRows is deleteRun for messages that are not in the index.
func (w *writer) deleteRows(s idRun) (n int, err error) {
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

// isIndexed reports whether any message of a run is in the index.
func (w *writer) isIndexed(s idRun) (is bool, err error) {
	err = w.row(`SELECT coalesce((SELECT key FROM messages WHERE room = ? AND id >= ? ORDER BY id LIMIT 1) <= ?, 0)`,
		s.room, s.first, w.indexed).Scan(&is)
	return is, err
}

// sweep checks the next room of the file, once after the start, since the room may not be used. It
// deletes a slice of its excess messages, or the room if it is empty.
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
