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
	// maxReads and maxSearches bound the number of connections. Searches have connections of
	// their own, so that they do not delay other reads.
	maxReads    = 2
	maxSearches = 2
	// readTime bounds the time of a read, which includes waiting for a connection.
	readTime = 5 * time.Second
	// minFill is the least number of messages that are read into a cache at once.
	minFill = 100
)

// Read implements history.Journal.
func (j *Journal) Read(name string, g history.Range) (history.Page, error) {
	if g.Limit == 0 {
		return j.readGap(name, g.After), nil
	}
	r, err := j.useLoaded(name)
	if err != nil {
		return history.Page{}, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.doneLocked(r)
	if g.Newest {
		return j.readNewestLocked(r, g)
	}
	return j.readOldestLocked(r, g)
}

// readGap returns a page with a gap if messages after an id are missing. It reads no file.
func (j *Journal) readGap(name string, after int64) (page history.Page) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rooms[name]; r != nil && r.hasGapLocked(after) {
		page.Gaps = []*wire.Gap{{After: after, Missed: -1, Lost: true}}
	}
	return page
}

// readOldestLocked returns the oldest messages of a range. It releases j.mu while it reads the
// file.
func (j *Journal) readOldestLocked(r *room, g history.Range) (page history.Page, err error) {
	from, to := g.Clamp(r.firstKept(), r.last)
	if from >= r.cachedFrom || from > to {
		start, end := r.indexLocked(from), r.indexLocked(to+1)
		page.Messages = r.sliceLocked(start, min(end, start+g.Limit))
	} else {
		if page.Messages, err = j.readFileLocked(r, oldestBetween, from, to, g.Limit); err != nil {
			return page, err
		}
		page.Messages = dropBefore(page.Messages, r.firstKept()) // others may have been deleted during the read
	}
	page.Gaps = history.Gaps(g.After, to, r.base, page.Messages, r.countIDsLocked)
	page.More = len(page.Messages) > 0 && page.Messages[len(page.Messages)-1].ID < to
	return page, nil
}

// readNewestLocked returns the newest messages of a range. It releases j.mu while it reads the
// file.
func (j *Journal) readNewestLocked(r *room, g history.Range) (page history.Page, err error) {
	_, to := g.Clamp(0, r.last)
	if err := j.fillLocked(r, to+1, g.Limit); err != nil {
		return page, err
	}
	if end := r.indexLocked(to + 1); end >= g.Limit || r.cachedFrom <= r.firstKept() {
		page.Messages = r.sliceLocked(max(end-g.Limit, 0), end)
	} else {
		if page.Messages, err = j.readFileLocked(r, newestBetween, r.firstKept(), to, g.Limit); err != nil {
			return page, err
		}
		slices.Reverse(page.Messages)
	}
	from, _ := g.Clamp(r.firstKept(), r.last) // messages may have been deleted during the read
	page.Messages = dropBefore(page.Messages, from)
	page.More = len(page.Messages) > 0 && page.Messages[0].ID > from
	return page, nil
}

// dropBefore returns the messages without those before an id.
func dropBefore(found []*wire.Message, id int64) []*wire.Message {
	for len(found) > 0 && found[0].ID < id {
		found = found[1:]
	}
	return found
}

// fillLocked reads up to limit messages before an id into the cache, if they come directly before
// the cached messages. It releases j.mu while it reads the file.
func (j *Journal) fillLocked(r *room, before int64, limit int) error {
	cached := r.indexLocked(before)
	n := min(max(limit-cached, minFill), maxCachedOfRoom-r.cache.Len())
	from, oldest := r.cachedFrom, r.firstKept()
	if before < from || cached >= limit || from <= oldest || n < limit-cached {
		return nil
	}
	found, err := j.readFileLocked(r, newestBetween, oldest, from-1, n)
	if err != nil || r.cachedFrom != from {
		return err
	}
	for _, m := range found {
		r.cache.PushFront(m)
	}
	j.cached += len(found)
	r.cachedFrom = oldest
	if len(found) == n {
		r.cachedFrom = found[n-1].ID
	}
	j.shrinkCachesLocked()
	return nil
}

const (
	selectColumns = `SELECT id, at, nick, via, action, messages.text `
	between       = selectColumns + `FROM messages WHERE room = ? AND id BETWEEN ? AND ? ORDER BY id `
	oldestBetween = between + `LIMIT ?`
	newestBetween = between + `DESC LIMIT ?`
)

// readFileLocked returns at most limit messages of a room with from <= id <= upTo. It releases
// j.mu while it reads the file.
func (j *Journal) readFileLocked(r *room, query string, from, upTo int64, limit int) ([]*wire.Message, error) {
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

// collect returns the messages of a room in rows of selectColumns, and closes the rows.
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

// scanMessage returns the message of a room in a row of selectColumns.
func scanMessage(rows *sql.Rows, room string) (*wire.Message, error) {
	var at int64
	m := &wire.Message{Room: room}
	err := rows.Scan(&m.ID, &at, &m.From, &m.Via, &m.Action, &m.Text)
	m.At = time.UnixMilli(at)
	return m, err
}
