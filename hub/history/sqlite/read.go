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

// Read returns messages of a room.
func (j *Journal) Read(name string, g history.Range) (history.Page, error) {
	if g.Limit == 0 {
		return j.readGap(name, g.After), nil
	}
	r, err := j.used(name)
	if err != nil {
		return history.Page{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.done(r)
	if g.Newest {
		return j.readNewestLocked(r, g)
	}
	return j.readOldestLocked(r, g)
}

// readGap returns a page with a gap if messages after an id are missing. It reads no file.
func (j *Journal) readGap(name string, after int64) (page history.Page) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rooms[name]; r != nil && r.lacks(after) {
		page.Gaps = []*wire.Gap{{After: after, Missed: -1, Lost: true}}
	}
	return page
}

// readOldestLocked returns the oldest messages of a range. It releases j.mu while it reads the
// file.
func (j *Journal) readOldestLocked(r *room, g history.Range) (page history.Page, err error) {
	from, to := g.Clamp(r.next(), r.last)
	if from >= r.from || from > to {
		start, end := r.search(from), r.search(to+1)
		page.Messages = r.slice(start, min(end, start+g.Limit))
	} else {
		if page.Messages, err = j.read(r, oldestBetween, from, to, g.Limit); err != nil {
			return page, err
		}
		page.Messages = since(page.Messages, r.next()) // some may have been deleted meanwhile
	}
	page.Gaps = history.Gaps(g.After, to, r.base, page.Messages, r.given)
	page.More = len(page.Messages) > 0 && page.Messages[len(page.Messages)-1].ID < to
	return page, nil
}

// readNewestLocked returns the newest messages of a range. It releases j.mu while it reads the
// file.
func (j *Journal) readNewestLocked(r *room, g history.Range) (page history.Page, err error) {
	_, to := g.Clamp(0, r.last)
	if err := j.fill(r, to+1, g.Limit); err != nil {
		return page, err
	}
	if end := r.search(to + 1); end >= g.Limit || r.from <= r.next() {
		page.Messages = r.slice(max(end-g.Limit, 0), end)
	} else {
		if page.Messages, err = j.read(r, newestBetween, r.next(), to, g.Limit); err != nil {
			return page, err
		}
		slices.Reverse(page.Messages)
	}
	from, _ := g.Clamp(r.next(), r.last) // some may have been deleted meanwhile
	page.Messages = since(page.Messages, from)
	page.More = len(page.Messages) > 0 && page.Messages[0].ID > from
	return page, nil
}

// since drops the messages before an id.
func since(found []*wire.Message, id int64) []*wire.Message {
	for len(found) > 0 && found[0].ID < id {
		found = found[1:]
	}
	return found
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
