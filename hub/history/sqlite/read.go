package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// maxReads and maxSearches bound the connections: more would only take time from
	// others. Searches have connections of their own, so that they delay no other reads.
	maxReads    = 2
	maxSearches = 2
	// readTime bounds a read, with its wait for a connection.
	readTime = 5 * time.Second
	// fill is the least number of messages that is taken into a cache at once.
	fill = 100
)

// Lacks reports whether messages after an id are missing.
func (j *Journal) Lacks(name string, after int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := j.rooms[name]
	return r != nil && r.lacks(after)
}

// After returns the messages of a room after an id.
func (j *Journal) After(name string, after, upTo int64, limit int) ([]*wire.Message, []history.Missing, error) {
	r, err := j.used(name)
	if err != nil {
		return nil, nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.done(r)
	upTo = min(upTo, r.last)
	first := max(after+1, r.next())
	if first >= r.from || first > upTo {
		from, to := r.search(first), r.search(upTo+1)
		found := r.slice(from, min(to, from+limit))
		return found, r.missing(after, upTo, found), nil
	}
	found, err := j.read(r, oldestBetween, first, upTo, limit)
	if err != nil {
		return nil, nil, err
	}
	found = since(found, r.next()) // some may have been deleted meanwhile
	return found, r.missing(after, upTo, found), nil
}

// since drops the messages before an id.
func since(found []*wire.Message, id int64) []*wire.Message {
	for len(found) > 0 && found[0].ID < id {
		found = found[1:]
	}
	return found
}

// Before returns the messages of a room before an id.
func (j *Journal) Before(name string, before int64, limit int) ([]*wire.Message, bool, error) {
	r, err := j.used(name)
	if err != nil {
		return nil, false, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.done(r)
	if err := j.fill(r, before, limit); err != nil {
		return nil, false, err
	}
	var found []*wire.Message
	if end := r.search(before); end >= limit || r.from <= r.next() {
		found = r.slice(max(end-limit, 0), end)
	} else {
		found, err = j.read(r, newestBetween, r.next(), min(before-1, r.last), limit)
		if err != nil {
			return nil, false, err
		}
		slices.Reverse(found)
	}
	found = since(found, r.next())
	return found, len(found) > 0 && found[0].ID > r.next(), nil
}

// fill takes messages into the cache that are asked for and come right before those that
// are there. j.mu is held, and released meanwhile.
func (j *Journal) fill(r *room, before int64, limit int) error {
	there := r.search(before)
	n := min(max(limit-there, fill), cachedOfRoom-r.cache.Len())
	from, oldest := r.from, r.next()
	if before < from || there >= limit || from <= oldest || n < limit-there {
		return nil
	}
	found, err := j.read(r, newestBetween, oldest, from-1, n)
	if err != nil || r.from != from {
		return err
	}
	for _, m := range found {
		r.cache.PushFront(m)
	}
	j.cached += len(found)
	r.from = oldest
	if len(found) == n {
		r.from = found[n-1].ID
	}
	j.shrinkMemory()
	return nil
}

const (
	selectColumns = `SELECT id, at, nick, via, action, messages.text `
	between       = selectColumns + `FROM messages WHERE room = ? AND id BETWEEN ? AND ? ORDER BY id `
	oldestBetween = between + `LIMIT ?`
	newestBetween = between + `DESC LIMIT ?`
)

// read returns at most limit messages of a room, from an id up to another. j.mu is held, and
// released meanwhile.
func (j *Journal) read(r *room, query string, from, upTo int64, limit int) ([]*wire.Message, error) {
	readers, key := j.readers, r.key
	j.mu.Unlock()
	defer j.mu.Lock()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	rows, err := readers.QueryContext(ctx, query, key, from, upTo, limit)
	if err != nil {
		return nil, err
	}
	return collect(rows, r.name)
}

// collect makes messages of a room out of rows of selectColumns, and closes these.
func collect(rows *sql.Rows, room string) (found []*wire.Message, err error) {
	defer rows.Close()
	for rows.Next() {
		m, err := scanMessage(rows, room)
		if err != nil {
			return nil, err
		}
		found = append(found, m)
	}
	return found, rows.Err()
}

// scanMessage makes a message of a room out of a row of selectColumns.
func scanMessage(rows *sql.Rows, room string) (*wire.Message, error) {
	var at int64
	m := &wire.Message{Room: room}
	err := rows.Scan(&m.ID, &at, &m.From, &m.Via, &m.Action, &m.Text)
	m.At = time.UnixMilli(at)
	return m, err
}
