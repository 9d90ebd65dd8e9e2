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
	// Maintenance takes at most maintainTime in each period of maintainPeriod, unless no message was
	// stored for quietTime.
	maintainPeriod = time.Second
	maintainTime   = maintainPeriod / 20
	quietTime      = 200 * time.Millisecond
	// manyExcess is the excess of a room above which a batch deletes as many messages as it
	// stores, which reuses the pages that are freed.
	manyExcess = 1024
	// maxExcess is the excess above which a room is trimmed first, even if maintenance has no
	// time left. Then deleteMoreAtOnce messages are deleted at a time, which costs less for
	// each.
	maxExcess        = 4096
	deleteMoreAtOnce = 1024
	// retryEvery is how long a failed task waits before it runs again.
	retryEvery = 10 * time.Second
)

// maintenance is the state of the tasks that the writer runs between batches. Messages are
// stored even if a task fails.
type maintenance struct {
	w *writer

	since time.Time     // when the current period of maintainPeriod started
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

	turn     int          // the task that ran last
	retry    [4]time.Time // when each task may run again after a failure
	failures logLimiter
}

// mayMaintain reports whether maintenance has time left.
func (m *maintenance) mayMaintain() bool {
	now := time.Now()
	if now.Sub(m.since) >= maintainPeriod {
		m.since, m.took = now, 0
	}
	return m.took < maintainTime || m.isQuiet()
}

// hasExcess reports whether the room that is trimmed next has an excess of more than n messages.
func (m *maintenance) hasExcess(n int) bool {
	return len(m.overfull) > 0 && m.overfull[0].excess > n
}

// isQuiet reports whether no message was stored for quietTime.
func (m *maintenance) isQuiet() bool { return time.Since(m.wrote) >= quietTime }

// maintain runs a slice of the next task that has something to do, and reports whether there was
// one. The tasks take turns. A room with far too many messages is trimmed first, even if there is no
// time left.
func (m *maintenance) maintain() (did bool) {
	if m.w.health.err != nil {
		return false
	}
	if m.hasExcess(maxExcess) && m.runTask(trimTask) {
		return true
	}
	if !m.mayMaintain() {
		return false
	}
	start := time.Now()
	defer func() { m.took += time.Since(start) }()
	for range tasks {
		m.turn = (m.turn + 1) % len(tasks)
		if m.runTask(m.turn) {
			return true
		}
	}
	m.shrink()
	return false
}

// tasks are the kinds of maintenance; trimTask is the first.
var tasks = [4]func(*writer) (did bool, err error){(*writer).trim, (*writer).expire, (*writer).sweep, (*writer).index}

const trimTask = 0

// runTask runs a slice of a task and reports whether it had something to do.
func (m *maintenance) runTask(task int) bool {
	if time.Now().Before(m.retry[task]) {
		return false
	}
	did, err := tasks[task](m.w)
	if err != nil {
		m.retry[task] = m.taskFailed(err)
		return true
	}
	return did
}

// taskFailed handles the error of a task and returns when to run the task again.
func (m *maintenance) taskFailed(err error) (retry time.Time) {
	// FTS5 writes when a transaction is committed, so the error of any task may be caused by the
	// index. If a new index does not help, something else is damaged.
	damaged := isIndexDamage(err) || code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_CONSTRAINT
	if damaged && time.Since(m.rebuilt) >= retryEvery {
		m.w.j.indexDamaged.Store(true)
		return time.Time{} // rebuild it first
	}
	var gone *missingError
	if errors.As(err, &gone) { // messages can't be stored either
		m.w.setFailed(err)
		return time.Time{}
	}
	if hint := hint(err); m.failures.allow(hint) {
		m.w.j.log.Error("maintenance failed", "file", m.w.j.path, "err", err, "hint", hint)
	}
	return time.Now().Add(retryEvery)
}

// enqueueLocked adds a room to the rooms to trim.
func (m *maintenance) enqueueLocked(r *room) {
	if !r.queued {
		r.queued = true
		r.uses++
		m.overfull = append(m.overfull, r)
	}
}

// trim deletes a slice of the excess of the next room.
func (m *maintenance) trim() (did bool, err error) {
	if len(m.overfull) == 0 {
		return false, nil
	}
	r := m.overfull[0]
	m.overfull = append(m.overfull[1:], r) // the rooms take turns
	limit := deleteAtOnce
	if r.excess > maxExcess {
		limit = deleteMoreAtOnce
	}
	n, err := m.deleteBefore(r.key, r.firstKept(), limit)
	if err != nil {
		return false, err
	}
	if r.excess = max(r.excess-n, 0); n < limit {
		m.overfull = m.overfull[:len(m.overfull)-1]
		m.w.j.mu.Lock()
		defer m.w.j.mu.Unlock()
		r.excess, r.queued = 0, false
		m.w.j.doneLocked(r)
	}
	return true, nil
}

// deleteBefore deletes the oldest messages of a room before an id, and returns how many.
func (m *maintenance) deleteBefore(room, id int64, limit int) (n int, err error) {
	err = m.w.transaction(false, func() error {
		run, err := m.oldestRun(room, id, limit)
		if err != nil || run.first == 0 {
			return err
		}
		n, err = m.deleteRun(run)
		return err
	})
	return n, err
}

// oldestRun returns the oldest messages of a room before an id, at most limit. Its first id is 0 if
// there are none.
func (m *maintenance) oldestRun(room, id int64, limit int) (run idRun, err error) {
	run.room = room
	err = m.w.queryRow(`SELECT coalesce(min(id), 0), coalesce((SELECT id FROM messages
			WHERE room = ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ?3), ?2 - 1)
		FROM messages WHERE room = ?1 AND id < ?2`, room, id, limit-1).Scan(&run.first, &run.last)
	return run, err
}

// An idRun is all messages of a room with first <= id <= last.
type idRun struct{ room, first, last int64 }

// deleteRun deletes the messages of a run from the file and from the index, and returns their
// number. It marks their keys as those of deleted messages.
func (m *maintenance) deleteRun(run idRun) (n int, err error) {
	indexed, err := m.isIndexed(run)
	if err != nil {
		return 0, err
	}
	if indexed && !m.w.j.indexDamaged.Load() {
		err := m.w.exec(`DELETE FROM words WHERE rowid IN
			(SELECT key FROM messages WHERE room = ? AND id BETWEEN ? AND ? AND key <= ?)`, run.room, run.first, run.last, m.indexed)
		if err != nil {
			return 0, &indexError{err}
		}
	}
	return m.deleteRows(run)
}

// deleteRows is deleteRun for messages that are not in the index.
func (m *maintenance) deleteRows(run idRun) (n int, err error) {
	if err := m.w.exec(`UPDATE keys SET gone = 1 WHERE room = ? AND id BETWEEN ? AND ?`, run.room, run.first, run.last); err != nil {
		return 0, err
	}
	result, err := m.w.execResult(`DELETE FROM messages WHERE room = ? AND id BETWEEN ? AND ?`, run.room, run.first, run.last)
	if err != nil {
		return 0, err
	}
	deleted, err := result.RowsAffected()
	if err != nil {
		return 0, err
	}
	return int(deleted), m.w.exec(`UPDATE rooms SET last = max(last, ?) WHERE key = ?`, run.last, run.room)
}

// isIndexed reports whether any message of a run is in the index.
func (m *maintenance) isIndexed(run idRun) (is bool, err error) {
	err = m.w.queryRow(`SELECT coalesce((SELECT key FROM messages WHERE room = ? AND id >= ? ORDER BY id LIMIT 1) <= ?, 0)`,
		run.room, run.first, m.indexed).Scan(&is)
	return is, err
}

// sweep checks the next room of the file, because trim does not see rooms that are not used. It
// deletes a slice of the room's excess messages, or the room if it is empty. Each room is checked
// once after the start.
func (m *maintenance) sweep() (did bool, err error) {
	if m.swept {
		return false, nil
	}
	var key, first int64
	err = m.w.queryRow(`SELECT key, coalesce((SELECT id FROM messages WHERE room = rooms.key ORDER BY id DESC LIMIT 1 OFFSET ?), 0)
		FROM rooms WHERE key > ? ORDER BY key LIMIT 1`, m.w.j.options.Retention.Messages, m.sweepAt).Scan(&key, &first)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		m.swept = true
		return false, nil
	case err != nil:
		return false, err
	case first > 0:
		_, err = m.deleteBefore(key, first+1, deleteAtOnce)
		return true, err
	}
	if err := m.removeEmpty([]int64{key}); err != nil {
		return false, err
	}
	m.sweepAt = key
	return true, nil
}
