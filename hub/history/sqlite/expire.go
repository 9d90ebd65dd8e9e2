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

// expireEvery is the longest time between two runs of expire.
const expireEvery = time.Minute

// expire deletes a slice of the messages and keys that are too old, and rooms that become empty.
func (m *maintenance) expire() (did bool, err error) {
	age := m.w.j.options.Retention.Age
	every := expireEvery
	if age > 0 {
		every = min(max(age/10, tick), expireEvery)
	}
	if !m.expiring && time.Since(m.expired) < every {
		return false, nil
	}
	m.expired, m.expiring = time.Now(), false
	now := m.now()
	rooms, err := m.expireKeys(now.Add(-history.KeyLife))
	if err == nil && age > 0 {
		var more []int64
		more, err = m.expireMessages(now.Add(-age))
		rooms = append(rooms, more...)
	}
	if err == nil {
		err = m.removeEmpty(rooms)
	}
	m.expiring = err == nil && len(rooms) > 0
	return m.expiring, err
}

// now returns the trusted time. It logs when the wall clock gets ahead of it.
func (m *maintenance) now() time.Time {
	now, ahead := m.w.clock.now()
	if ahead > 0 && !m.clockAhead && m.w.j.options.Retention.Age > 0 {
		m.w.j.log.Info("clock set ahead; deletion by age delayed",
			"ahead", ahead.Round(time.Second), "after", trustTime)
	}
	m.clockAhead = ahead > 0
	return now
}

// expireKeys deletes a slice of the keys of deleted messages from before a time. It returns their
// rooms.
func (m *maintenance) expireKeys(before time.Time) (rooms []int64, err error) {
	err = m.w.transaction(false, func() error {
		deleted, err := m.runs(`DELETE FROM keys WHERE (room, key) IN
			(SELECT room, key FROM keys WHERE gone AND at <= ? LIMIT ?) RETURNING room, id`, before.UnixMilli(), deleteAtOnce)
		rooms = roomsOf(deleted)
		return err
	})
	return rooms, err
}

// runs executes a query for the rooms and ids of messages, and returns them as runs, in order.
func (m *maintenance) runs(query string, args ...any) (list []idRun, err error) {
	rows, err := m.w.conn.QueryContext(context.Background(), query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var room, id int64
		if err := rows.Scan(&room, &id); err != nil {
			return nil, err
		}
		list = append(list, idRun{room, id, id})
	}
	slices.SortFunc(list, func(a, b idRun) int {
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

// roomsOf returns the rooms of runs that are in order.
func roomsOf(runs []idRun) (rooms []int64) {
	for _, run := range runs {
		rooms = append(rooms, run.room)
	}
	return slices.Compact(rooms)
}

// expireMessages deletes a slice of the messages from before a time, and updates those of their
// rooms that are in memory. It returns the rooms.
func (m *maintenance) expireMessages(before time.Time) (rooms []int64, err error) {
	var states map[*room]*remainder
	err = m.w.transaction(false, func() error {
		old, err := m.runs(`SELECT room, id FROM messages WHERE at < ? ORDER BY at LIMIT ?`, before.UnixMilli(), deleteAtOnce)
		if err != nil {
			return err
		}
		rooms = roomsOf(old)
		for _, run := range old {
			if _, err := m.deleteRun(run); err != nil {
				return err
			}
		}
		states, err = m.remaining(old)
		return err
	})
	m.w.j.mu.Lock()
	defer m.w.j.mu.Unlock()
	for r, s := range states {
		if err == nil {
			r.oldest, r.lost, r.counted = s.oldest, s.lost, false
			m.w.j.uncacheLocked(r, s.lost)
		}
		m.w.j.doneLocked(r)
	}
	return rooms, err
}

// A remainder is the state of a room after messages were deleted; see room for its fields.
type remainder struct{ lost, oldest int64 }

// remaining returns the states of the rooms in memory that had messages deleted. The rooms are in
// use until the caller calls doneLocked, even if there is an error.
func (m *maintenance) remaining(deleted []idRun) (map[*room]*remainder, error) {
	newest := make(map[int64]int64)
	for _, run := range deleted {
		newest[run.room] = run.last
	}
	states := make(map[*room]*remainder)
	for key, id := range newest {
		var name string
		err := m.w.queryRow(`UPDATE rooms SET lost = max(lost, ?) WHERE key = ? RETURNING name`, id, key).Scan(&name)
		if err != nil {
			return states, err
		}
		m.w.j.mu.Lock()
		r := m.w.j.rooms[name]
		if r != nil {
			r = m.w.j.useLocked(name)
		}
		m.w.j.mu.Unlock()
		if r == nil {
			continue
		}
		s := &remainder{}
		states[r] = s
		if err := m.w.j.loadFrom(context.Background(), m.w.conn, r); err != nil {
			return states, err
		}
		s.lost = max(id, r.lost)
		if s.oldest, _, err = newestRows(context.Background(), m.w.conn, key, m.w.j.options.Retention.Messages); err != nil {
			return states, err
		}
	}
	return states, nil
}

// removeEmpty removes those of the rooms that have neither messages nor keys, unless they are in
// memory. A later room with the same name continues with greater ids.
func (m *maintenance) removeEmpty(keys []int64) error {
	if m.w.j.options.Retention.Age == 0 {
		return nil
	}
	for _, key := range keys {
		var name string
		err := m.w.queryRow(`SELECT name FROM rooms WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE room = ?1)
			AND NOT EXISTS (SELECT 1 FROM keys WHERE room = ?1)`, key).Scan(&name)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		if err := m.removeRoom(key, name); err != nil {
			return err
		}
	}
	return nil
}

// removeRoom removes a room from the file, unless it is in memory. If the room is opened in the
// meantime, it is in memory and continues with its ids.
func (m *maintenance) removeRoom(key int64, name string) error {
	j := m.w.j
	j.mu.Lock()
	if j.rooms[name] != nil {
		j.mu.Unlock()
		return nil
	}
	r := j.useLocked(name)
	j.mu.Unlock()
	err := j.loadFrom(context.Background(), m.w.conn, r)
	if err == nil {
		j.mu.Lock()
		j.floor = max(j.floor, r.last)
		floor := j.floor
		j.mu.Unlock()
		err = m.w.transaction(false, func() error {
			for _, query := range []string{`DELETE FROM jumps WHERE room = ?`, `DELETE FROM rooms WHERE key = ?`} {
				if err := m.w.exec(query, key); err != nil {
					return err
				}
			}
			return m.w.exec(`REPLACE INTO meta VALUES ('floor', ?)`, floor)
		})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		r.key = 0
		for i := range r.uncertain {
			r.uncertain[i].saved = false
		}
	}
	if j.doneLocked(r); r.unused != nil {
		j.evictLocked(r)
	}
	return err
}
