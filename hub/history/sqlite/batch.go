package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"partyline/hub/history"
)

// rowsAtOnce is the number of messages that one statement stores, for little more than the cost of
// one message.
const rowsAtOnce = 32

// A batch is the messages of one transaction. Its changes to the state of rooms are separate until
// the transaction is committed, since that may fail.
type batch struct {
	w       *writer
	entries []*entry
	changes map[*room]*change
	rows    []any // the columns of messages that are not inserted yet
}

// A change is the new state of a room; see room for its fields.
type change struct {
	key, last, oldest    int64
	kept, excess, stored int  // stored is the number of messages of the batch
	hasExcess            bool // messages older than oldest are in the file
}

func newBatch(w *writer, entries []*entry) *batch {
	return &batch{w: w, entries: entries, changes: make(map[*room]*change)}
}

// store gives each message its id and inserts it into the file.
func (b *batch) store() error {
	for _, e := range b.entries {
		e.result = history.Result{}
		m := e.message
		c, err := b.change(e.room, m.ID)
		if err != nil {
			return err
		}
		if !b.w.j.options.Replica {
			m.ID = c.last + 1
		} else if e.result.Repeated = m.ID <= c.last; e.result.Repeated {
			continue // it was copied earlier
		}
		if e.key != "" {
			if err := b.claim(e, c.key); err != nil {
				return err
			}
			if e.result.Repeated {
				continue
			}
		}
		c.last = m.ID
		c.stored++
		if c.oldest == 0 {
			c.oldest = m.ID
		}
		b.rows = append(b.rows, c.key, m.ID, m.At.UnixMilli(), m.From, m.Via, m.Action, m.Text)
		if len(b.rows) == rowsAtOnce*columns {
			if err := b.w.exec(insertRows, b.rows...); err != nil {
				return err
			}
			b.rows = b.rows[:0]
		}
	}
	for row := range slices.Chunk(b.rows, columns) {
		if err := b.w.exec(insertRow, row...); err != nil {
			return err
		}
	}
	for _, c := range b.changes {
		if err := b.countExcess(c); err != nil {
			return err
		}
	}
	return nil
}

const (
	columns   = 7
	insertRow = `INSERT INTO messages (room, id, at, nick, via, action, text) VALUES (?, ?, ?, ?, ?, ?, ?)`
)

var insertRows = insertRow + strings.Repeat(`, (?, ?, ?, ?, ?, ?, ?)`, rowsAtOnce-1)

// change returns the change of a room. The first call for a room saves the room and trims it. id is that of a copy.
func (b *batch) change(r *room, id int64) (*change, error) {
	if c := b.changes[r]; c != nil {
		return c, nil
	}
	w := b.w
	if err := w.j.loadFrom(context.Background(), w.conn, r); err != nil {
		return nil, err
	}
	if w.j.options.Replica && r.key == 0 {
		w.j.mu.Lock()
		r.base, r.last, r.sparse = id-1, id-1, history.MaxID
		w.j.mu.Unlock()
	}
	key, err := w.saveRoom(r)
	if err != nil {
		return nil, err
	}
	c := &change{key: key, last: r.last, oldest: r.oldest, kept: r.kept, excess: r.excess}
	if !r.counted {
		if c.oldest, c.kept, err = newestRows(context.Background(), w.conn, key, w.j.options.Retention.Messages); err != nil {
			return nil, err
		}
		before := c.oldest
		if before == 0 {
			before = c.last + 1
		}
		if err := w.queryRow(`SELECT EXISTS (SELECT 1 FROM messages WHERE room = ? AND id < ?)`, key, before).Scan(&c.hasExcess); err != nil {
			return nil, err
		}
	}
	b.changes[r] = c
	return c, b.trim(c)
}

// trim deletes as many messages as the batch has, if the room has far too many. It does not delete
// indexed messages: a batch does not depend on the index.
func (b *batch) trim(c *change) error {
	if c.excess <= manyExcess {
		return nil
	}
	run, err := b.w.oldestRun(c.key, c.oldest, len(b.entries))
	if err != nil || run.first == 0 {
		return err
	}
	if indexed, err := b.w.isIndexed(run); err != nil || indexed {
		return err
	}
	n, err := b.w.deleteRows(run)
	c.excess -= n
	return err
}

// countExcess counts the messages of a room that are excess after the inserts, and finds the oldest
// retained one.
func (b *batch) countExcess(c *change) error {
	c.kept += c.stored
	excess := c.kept - b.w.j.options.Retention.Messages
	if excess <= 0 {
		return nil
	}
	c.kept -= excess
	c.excess += excess
	c.hasExcess = true
	err := b.w.queryRow(`SELECT id FROM messages WHERE room = ? AND id >= ? ORDER BY id LIMIT 1 OFFSET ?`,
		c.key, c.oldest, excess).Scan(&c.oldest)
	if errors.Is(err, sql.ErrNoRows) { // none is retained
		c.oldest = 0
		return nil
	}
	return err
}

// claim inserts the key of a message, or makes the message a repetition if the room has the key.
func (b *batch) claim(e *entry, room int64) error {
	w, m := b.w, e.message
	if w.j.options.Replica { // the key was free
		return w.exec(`REPLACE INTO keys (room, key, id, at, gone) VALUES (?, ?, ?, ?, 0)`, room, e.key, m.ID, m.At.UnixMilli())
	}
	if id, ok := w.unstored.find(e.room.name, e.key, m.At); ok {
		m.ID, e.result = id, history.Result{Repeated: true, Unstored: true}
		return nil
	}
	const insert = `INSERT INTO keys (room, key, id, at, gone) VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING`
	insertKey := func() (int64, error) {
		result, err := w.execResult(insert, room, e.key, m.ID, m.At.UnixMilli())
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	}
	if n, err := insertKey(); err != nil || n == 1 {
		return err
	}
	var id, at int64
	var gone bool
	if err := w.queryRow(`SELECT id, at, gone FROM keys WHERE room = ? AND key = ?`, room, e.key).Scan(&id, &at, &gone); err != nil {
		return err
	}
	if !gone || w.now().UnixMilli()-at < history.KeyLife.Milliseconds() {
		m.ID, e.result.Repeated = id, true
		return nil
	}
	if err := w.exec(`DELETE FROM keys WHERE room = ? AND key = ?`, room, e.key); err != nil {
		return err
	}
	_, err := insertKey()
	return err
}

// publish updates the state of the rooms after the commit.
func (b *batch) publish() {
	j := b.w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	for r, c := range b.changes {
		b.w.savedLocked(r, c.key)
		r.last, r.oldest = c.last, c.oldest
		r.counted, r.kept, r.excess = true, c.kept, c.excess
		if c.hasExcess {
			b.w.enqueueLocked(r)
		}
	}
	for _, e := range b.entries {
		if !e.result.Repeated {
			j.cached += e.room.cacheLocked(e.message)
			b.w.unindexed = true
		}
	}
	j.shrinkCachesLocked()
}

// saveRoom saves the state of a room that its messages don't show, and returns the key of its row.
// After the commit the caller must call savedLocked.
func (w *writer) saveRoom(r *room) (key int64, err error) {
	switch {
	case r.key == 0:
		result, err := w.execResult(`INSERT INTO rooms (name, base, last, lost, sparse) VALUES (?, ?, ?, ?, ?)`, r.name, r.base, r.last, r.lost, r.sparse)
		if err != nil {
			return 0, err
		}
		if key, err = result.LastInsertId(); err != nil {
			return 0, err
		}
	case r.isSaved():
		return r.key, nil
	default:
		key = r.key
		if err := w.exec(`UPDATE rooms SET last = ?, lost = ? WHERE key = ?`, r.last, r.lost, key); err != nil {
			return 0, err
		}
	}
	for _, u := range r.uncertain {
		if u.saved {
			continue
		}
		if err := w.exec(`INSERT INTO jumps (room, first, last) VALUES (?, ?, ?)`, key, u.first, u.last); err != nil {
			return 0, err
		}
	}
	// Of the ranges that are older than every message, the newest one suffices.
	return key, w.exec(`DELETE FROM jumps WHERE room = ?1 AND last < (SELECT max(last) FROM jumps WHERE room = ?1
		AND last < (SELECT min(id) FROM messages WHERE room = ?1))`, key)
}

// savedLocked notes that the changes of saveRoom are committed.
func (w *writer) savedLocked(r *room, key int64) {
	r.key, r.unsaved = key, false
	for i := range r.uncertain {
		r.uncertain[i].saved = true
	}
}

// saveAll saves the state of all rooms and the meta data. After the commit the caller must call
// note.
func (w *writer) saveAll() (note func(), err error) {
	j := w.j
	var unsaved []*room
	j.mu.Lock()
	floor, resumeAbove := j.floor, j.resumeAbove
	for _, r := range j.rooms {
		if r.unsaved {
			unsaved = append(unsaved, r)
		}
	}
	j.mu.Unlock()
	keys := make([]int64, len(unsaved))
	for i, r := range unsaved {
		if err := j.loadFrom(context.Background(), w.conn, r); err != nil {
			return nil, err
		}
		if keys[i], err = w.saveRoom(r); err != nil {
			return nil, err
		}
	}
	note = func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		for i, r := range unsaved {
			w.savedLocked(r, keys[i])
		}
	}
	return note, w.exec(`REPLACE INTO meta VALUES ('floor', ?), ('jump', ?), ('time', ?)`, floor, resumeAbove, w.now().UnixMilli())
}
