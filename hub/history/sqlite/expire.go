package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"partyline/hub/history"
)

// expireEvery is how often messages and keys that are too old are deleted, at the least.
const expireEvery = time.Minute

// expire deletes a slice of the messages and keys that are too old.
func (w *writer) expire() (did bool, err error) {
	age := w.j.options.Keep.Age
	every := expireEvery
	if age > 0 {
		every = min(max(age/10, tick), expireEvery)
	}
	if !w.expiring && time.Since(w.expired) < every {
		return false, nil
	}
	w.expired, w.expiring = time.Now(), false
	now := w.now()
	rooms, err := w.expireKeys(now.Add(-history.KeyLife))
	if err == nil && age > 0 {
		var more []int64
		more, err = w.expireMessages(now.Add(-age))
		rooms = append(rooms, more...)
	}
	if err == nil {
		err = w.removeEmpty(rooms)
	}
	w.expiring = err == nil && len(rooms) > 0
	return w.expiring, err
}

// now returns the time by which messages and keys are too old. It logs when that is not what
// the wall clock says.
func (w *writer) now() time.Time {
	now, ahead := w.clock.now()
	if ahead > 0 && !w.mistrusts && w.j.options.Keep.Age > 0 {
		w.j.log.Info("the clock is ahead of what history expects; messages that are too old by it alone are deleted later",
			"ahead", ahead.Round(time.Second), "after", trustTime)
	}
	w.mistrusts = ahead > 0
	return now
}

// expireKeys deletes a slice of the keys whose messages are deleted and that were used before
// a time. It returns the rooms.
func (w *writer) expireKeys(before time.Time) (rooms []int64, err error) {
	err = w.transaction(false, func() error {
		deleted, err := w.runs(`DELETE FROM keys WHERE (room, key) IN
			(SELECT room, key FROM keys WHERE gone AND at <= ? LIMIT ?) RETURNING room, id`, before.UnixMilli(), deleteAtOnce)
		rooms = roomsOf(deleted)
		return err
	})
	return rooms, err
}

// runs returns the runs of the messages whose rooms and ids a query answers with, in order.
func (w *writer) runs(query string, args ...any) (list []run, err error) {
	rows, err := w.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var room, id int64
		if err := rows.Scan(&room, &id); err != nil {
			return nil, err
		}
		list = append(list, run{room, id, id})
	}
	slices.SortFunc(list, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.room, b.room), cmp.Compare(a.first, b.first))
	})
	joined := list[:0]
	for _, next := range list {
		if n := len(joined); n > 0 && joined[n-1].room == next.room && joined[n-1].last+1 == next.first {
			joined[n-1].last = next.last
			continue
		}
		joined = append(joined, next)
	}
	return joined, rows.Err()
}

func roomsOf(runs []run) (rooms []int64) {
	for _, s := range runs {
		rooms = append(rooms, s.room)
	}
	return slices.Compact(rooms)
}

// expireMessages deletes a slice of the messages from before a time. It returns the rooms.
func (w *writer) expireMessages(before time.Time) (rooms []int64, err error) {
	var changes map[*room]*change
	err = w.transaction(false, func() error {
		old, err := w.runs(`SELECT room, id FROM messages WHERE at < ? ORDER BY at LIMIT ?`, before.UnixMilli(), deleteAtOnce)
		if err != nil {
			return err
		}
		rooms = roomsOf(old)
		for _, s := range old {
			if _, err := w.delete(s); err != nil {
				return err
			}
		}
		changes, err = w.without(old)
		return err
	})
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	for r, c := range changes {
		if err == nil {
			r.oldest, r.lost, r.counted = c.oldest, c.last, false
			w.j.dropUpTo(r, c.last)
		}
		w.j.done(r)
	}
	return rooms, err
}

// without finds out what remains of the rooms in memory of which messages were deleted. In a
// change, last is the newest message missing.
func (w *writer) without(deleted []run) (map[*room]*change, error) {
	newest := make(map[int64]int64)
	for _, s := range deleted {
		newest[s.room] = s.last
	}
	changes := make(map[*room]*change)
	for key, id := range newest {
		var name string
		err := w.row(`UPDATE rooms SET lost = max(lost, ?) WHERE key = ? RETURNING name`, id, key).Scan(&name)
		if err != nil {
			return changes, err
		}
		w.j.mu.Lock()
		r := w.j.rooms[name]
		if r != nil {
			r = w.j.use(name)
		}
		w.j.mu.Unlock()
		if r == nil {
			continue
		}
		c := &change{last: id}
		changes[r] = c
		if err := w.j.loadFrom(context.Background(), w.conn, r); err != nil {
			return changes, err
		}
		c.last = max(id, r.lost)
		if c.oldest, _, err = newestRows(context.Background(), w.conn, key, w.j.options.Keep.Messages); err != nil {
			return changes, err
		}
	}
	return changes, nil
}

// removeEmpty deletes the rooms of which the file has neither messages nor keys, unless they
// are in memory. A room of the same name gets greater ids.
func (w *writer) removeEmpty(keys []int64) error {
	if w.j.options.Keep.Age == 0 {
		return nil
	}
	for _, key := range keys {
		var name string
		err := w.row(`SELECT name FROM rooms WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE room = ?1)
			AND NOT EXISTS (SELECT 1 FROM keys WHERE room = ?1)`, key).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if err := w.remove(key, name); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a room from the file. Whoever opens it meanwhile finds it in memory, with
// the ids that it had.
func (w *writer) remove(key int64, name string) error {
	j := w.j
	j.mu.Lock()
	if j.rooms[name] != nil {
		j.mu.Unlock()
		return nil
	}
	r := j.use(name)
	j.mu.Unlock()
	err := j.loadFrom(context.Background(), w.conn, r)
	if err == nil {
		j.mu.Lock()
		j.floor = max(j.floor, r.last)
		floor := j.floor
		j.mu.Unlock()
		err = w.transaction(false, func() error {
			for _, query := range []string{`DELETE FROM jumps WHERE room = ?`, `DELETE FROM rooms WHERE key = ?`} {
				if err := w.exec(query, key); err != nil {
					return err
				}
			}
			return w.exec(`REPLACE INTO meta VALUES ('floor', ?)`, floor)
		})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		r.key = 0
		for i := range r.jumps {
			r.jumps[i].saved = false
		}
	}
	if j.done(r); r.unused != nil {
		j.evict(r)
	}
	return err
}
