package disk

import (
	"context"
	"database/sql"
	"encoding/json"
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
	// mostExcess is how many messages too many a room may have in the file meanwhile. More
	// are deleted at once then, which costs less for each.
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
	sweepAt   int64 // key of the room that the sweep looked at last
	swept     bool  // it has come to the end
	indexed   int64 // key of the newest message in the index
	unindexed bool  // there may be newer ones

	rebuilt time.Time // when the index was made again
	shrunk  time.Time // when the page caches were emptied

	turn   int          // the task that is next
	retry  [4]time.Time // when each may be tried again
	report report
}

// mayMaintain reports whether maintenance may be done now.
func (w *writer) mayMaintain() bool {
	now := time.Now()
	if now.Sub(w.since) >= shareTime {
		w.since, w.took = now, 0
	}
	return w.took < maintainTime || w.isQuiet() ||
		len(w.overfull) > 0 && w.overfull[0].excess > mostExcess
}

// isQuiet reports whether nothing was said for a while.
func (w *writer) isQuiet() bool { return time.Since(w.wrote) >= quietTime }

// maintain does a slice of the next task that has something to do, and reports whether
// there is one. The tasks take turns.
func (w *writer) maintain() (did bool) {
	if w.health.err != nil {
		return false
	}
	began := time.Now()
	defer func() { w.took += time.Since(began) }()
	tasks := [...]func() (did bool, err error){w.trim, w.expire, w.sweep, w.index}
	for range tasks {
		i := w.turn
		w.turn = (w.turn + 1) % len(tasks)
		if began.Before(w.retry[i]) {
			continue
		}
		did, err := tasks[i]()
		if err != nil {
			w.retry[i] = w.failed(err)
			return true
		}
		if did {
			return true
		}
	}
	w.shrink()
	return false
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
		list, err := w.places(`SELECT key, room, id FROM messages WHERE room = ? AND id < ? ORDER BY id LIMIT ?`, room, id, limit)
		n = len(list)
		if err != nil {
			return err
		}
		return w.delete(list)
	})
	return n, err
}

// A place is where a message is in the file.
type place struct{ key, room, id int64 }

func (w *writer) places(query string, args ...any) (list []place, err error) {
	rows, err := w.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.key, &p.room, &p.id); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// delete deletes messages, with their words. Their keys stay for a while.
func (w *writer) delete(list []place) error {
	if len(list) == 0 {
		return nil
	}
	var keys, words []int64
	newest := make(map[int64]int64)
	for _, p := range list {
		keys = append(keys, p.key)
		if p.key <= w.indexed {
			words = append(words, p.key)
		}
		newest[p.room] = max(newest[p.room], p.id)
	}
	if len(words) > 0 && !w.j.indexDamaged.Load() {
		if err := w.exec(`DELETE FROM words WHERE rowid IN (SELECT value FROM json_each(?))`, array(words)); err != nil {
			return &indexError{err}
		}
	}
	for _, query := range []string{
		`UPDATE keys SET gone = 1 WHERE (room, id) IN
			(SELECT room, id FROM messages WHERE key IN (SELECT value FROM json_each(?)))`,
		`DELETE FROM messages WHERE key IN (SELECT value FROM json_each(?))`,
	} {
		if err := w.exec(query, array(keys)); err != nil {
			return err
		}
	}
	for room, id := range newest {
		if err := w.exec(`UPDATE rooms SET last = max(last, ?) WHERE key = ?`, id, room); err != nil {
			return err
		}
	}
	return nil
}

func array(keys []int64) string {
	b, _ := json.Marshal(keys) // which can't fail
	return string(b)
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
