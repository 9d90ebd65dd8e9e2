package disk

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"partyline/hub"
)

const (
	// maxReads bounds the connections that read: more would only take from others.
	maxReads = 2
	// readTime bounds one of them, with its waiting for the others.
	readTime = 5 * time.Second
	// fill is the least that is taken into memory at once.
	fill = 100
)

// Open returns the newest id of a room.
func (j *Journal) Open(room string) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rooms[room]; r != nil {
		return r.last
	}
	return j.floor
}

// Release does nothing yet.
func (j *Journal) Release(string) {}

// Lacks reports whether messages after an id are missing.
func (j *Journal) Lacks(room string, after int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.rooms[room]
	return r != nil && r.missing(after, r.last, j.kept(r), nil) != nil
}

// kept returns the id of the oldest message of a room that is kept. j.mu is held.
func (j *Journal) kept(r *room) int64 { return r.kept(j.options.Keep.Messages) }

// After returns the messages of a room after an id.
func (j *Journal) After(name string, after, upTo int64, limit int) ([]*hub.Message, []hub.Missing, error) {
	j.mu.Lock()
	r := j.rooms[name]
	if r == nil {
		defer j.mu.Unlock()
		none := newRoom(name, 0, j.floor, j.floor)
		return nil, none.missing(after, upTo, none.oldest, nil), nil
	}
	upTo = min(upTo, r.last)
	first := max(after+1, j.kept(r))
	if first >= r.from || first > upTo {
		defer j.mu.Unlock()
		from, to := r.search(first), r.search(upTo+1)
		found := r.slice(from, min(to, from+limit))
		return found, r.missing(after, upTo, j.kept(r), found), nil
	}
	from, to := r.place(first), r.place(upTo)
	j.mu.Unlock()

	found, err := j.read(r, oldestBetween, from, to, limit)
	if err != nil {
		return nil, nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	found = since(found, j.kept(r)) // some may have gone meanwhile
	return found, r.missing(after, upTo, j.kept(r), found), nil
}

// since drops the messages before an id.
func since(found []*hub.Message, id int64) []*hub.Message {
	for len(found) > 0 && found[0].ID < id {
		found = found[1:]
	}
	return found
}

// Before returns the messages of a room before an id.
func (j *Journal) Before(name string, before int64, limit int) ([]*hub.Message, bool, error) {
	j.mu.Lock()
	r := j.rooms[name]
	if r == nil {
		j.mu.Unlock()
		return nil, false, nil
	}
	if err := j.fill(r, before, limit); err != nil {
		j.mu.Unlock()
		return nil, false, err
	}
	kept := j.kept(r)
	if end := r.search(before); end >= limit || r.from <= kept {
		defer j.mu.Unlock()
		found := since(r.slice(max(end-limit, 0), end), kept)
		more := len(found) > 0 && found[0].ID > kept
		return found, more, nil
	}
	from, to := r.place(kept), r.place(max(min(before-1, r.last), r.base))
	j.mu.Unlock()

	found, err := j.read(r, newestBetween, from, to, limit)
	if err != nil {
		return nil, false, err
	}
	slices.Reverse(found)
	j.mu.Lock()
	defer j.mu.Unlock()
	found = since(found, j.kept(r))
	return found, len(found) > 0 && found[0].ID > j.kept(r), nil
}

// fill takes messages into memory that are asked for and stand right before those that are
// there. j.mu is held, and released while it reads.
func (j *Journal) fill(r *room, before int64, limit int) error {
	there := r.search(before)
	n := min(max(limit-there, fill), cachedOfRoom-r.cache.Len())
	from, kept := r.from, j.kept(r)
	if before < from || there >= limit || from <= kept || n < limit-there {
		return nil
	}
	j.mu.Unlock()
	found, err := j.read(r, newestBetween, r.place(kept), r.place(from-1), n)
	j.mu.Lock()
	if err != nil || r.from != from || r.forgotten {
		return err
	}
	for _, m := range found {
		r.cache.PushFront(m)
	}
	j.cached += len(found)
	r.from = kept
	if len(found) == n {
		r.from = found[n-1].ID
	}
	j.shrinkMemory()
	return nil
}

const (
	selectColumns = `SELECT place, at, nick, via, action, messages.text `
	between       = selectColumns + `FROM messages WHERE place BETWEEN ? AND ? ORDER BY place `
	oldestBetween = between + `LIMIT ?`
	newestBetween = between + `DESC LIMIT ?`
)

// read returns the messages of a room that a query answers with. Where others read it waits
// for a connection.
func (j *Journal) read(r *room, query string, args ...any) ([]*hub.Message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	j.mu.Lock()
	readers := j.readers
	j.mu.Unlock()
	rows, err := readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, r)
}

// collect makes messages of a room out of rows of selectColumns, and closes these.
func collect(rows *sql.Rows, r *room) (found []*hub.Message, err error) {
	defer rows.Close()
	for rows.Next() {
		var place, at int64
		m := &hub.Message{Room: r.name}
		if err := rows.Scan(&place, &at, &m.From, &m.Via, &m.Action, &m.Text); err != nil {
			return nil, err
		}
		m.ID, m.At = r.id(place), time.UnixMilli(at)
		found = append(found, m)
	}
	return found, rows.Err()
}
