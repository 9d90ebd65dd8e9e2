package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"partyline/hub/history"
)

// ExportOptions select what Export returns.
type ExportOptions struct {
	Room  string // only this room; all rooms if empty
	Since int64  // only messages with a greater Seq
}

const (
	// pageRows and pageBytes bound the messages that an export has in memory.
	pageRows  = 1000
	pageBytes = 4 << 20
)

// Export calls emit with the history in a folder: the messages in the order in which they were
// stored, then the keys of deleted messages, the rooms, and the end. The history has the
// messages that it had at the start, except those that are deleted before Export reads them.
//
// A server may use the folder. Export reads pages, and has no transaction open while emit runs, so
// that SQLite's log does not grow, however slow emit is. It stops at the first error of emit, or
// when ctx ends.
func Export(ctx context.Context, dir string, o ExportOptions, emit func(*history.Record) error) error {
	db, path, err := openReader(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	err = (&export{ctx: ctx, db: db, options: o, emit: emit}).run()
	var failed *emitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return failed.err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return explain(path, err)
}

type export struct {
	ctx     context.Context
	db      *sql.DB
	options ExportOptions
	emit    func(*history.Record) error
	room    int64 // the key of the only room; 0 if all rooms are exported
	last    int64 // the Seq of the last message
}

// An emitError is an error of emit.
type emitError struct{ err error }

func (e *emitError) Error() string { return e.err.Error() }

func (e *export) run() error {
	for _, step := range []func() error{e.start, e.messages, e.keys, e.rooms, e.end} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (e *export) put(page []*history.Record) error {
	for _, r := range page {
		if err := e.emit(r); err != nil {
			return &emitError{err}
		}
	}
	return e.ctx.Err()
}

// start finds the room and the last message.
func (e *export) start() error {
	if e.options.Room != "" {
		err := e.db.QueryRowContext(e.ctx, `SELECT key FROM rooms WHERE name = ?`, e.options.Room).Scan(&e.room)
		if errors.Is(err, sql.ErrNoRows) {
			return &emitError{fmt.Errorf("the history has no room %q", e.options.Room)}
		} else if err != nil {
			return err
		}
	}
	return e.db.QueryRowContext(e.ctx, `SELECT coalesce(max(key), 0) FROM messages`).Scan(&e.last)
}

const (
	exportMessages = `SELECT messages.key, rooms.name, messages.id, messages.at, nick, via, action, text, coalesce(keys.key, '')
		FROM messages CROSS JOIN rooms ON rooms.key = messages.room
		LEFT JOIN keys ON keys.room = messages.room AND keys.id = messages.id `
	exportAll  = exportMessages + `WHERE messages.key > ? AND messages.key <= ? ORDER BY messages.key LIMIT ?`
	exportRoom = exportMessages + `WHERE messages.room = ? AND messages.id > ? AND messages.key <= ? ORDER BY messages.id LIMIT ?`
)

func (e *export) messages() error {
	after := e.options.Since
	if e.room != 0 { // the keys of a room's messages grow with their ids
		if err := e.db.QueryRowContext(e.ctx, `SELECT coalesce(max(id), 0) FROM messages WHERE room = ? AND key <= ?`,
			e.room, after).Scan(&after); err != nil {
			return err
		}
	}
	for {
		query, args := exportAll, []any{after, e.last, pageRows}
		if e.room != 0 {
			query, args = exportRoom, []any{e.room, after, e.last, pageRows}
		}
		page, err := e.messagePage(query, args)
		if err != nil || len(page) == 0 {
			return err
		}
		newest := page[len(page)-1]
		if after = newest.Seq; e.room != 0 {
			after = newest.ID
		}
		if err := e.put(page); err != nil {
			return err
		}
	}
}

func (e *export) messagePage(query string, args []any) (page []*history.Record, err error) {
	rows, err := e.db.QueryContext(e.ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for size := 0; size < pageBytes && rows.Next(); {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, err
		}
		page = append(page, r)
		size += len(r.Text)
	}
	return page, rows.Err()
}

// scanRecord returns the message in a row of exportMessages.
func scanRecord(rows *sql.Rows) (*history.Record, error) {
	var at int64
	var action bool
	r := &history.Record{Type: history.RecordMessage}
	err := rows.Scan(&r.Seq, &r.Room, &r.ID, &at, &r.From, &r.Via, &action, &r.Text, &r.Key)
	if action {
		r.Type = history.RecordAction
	}
	r.At = time.UnixMilli(at).UTC()
	return r, err
}

// keys exports the keys of deleted messages. It comes after messages, and so has those of messages
// that were deleted in the meantime.
func (e *export) keys() error {
	var at int64 = -1 << 62
	var name, key string
	for {
		rows, err := e.db.QueryContext(e.ctx, `SELECT keys.at, name, keys.key, id, room FROM keys CROSS JOIN rooms ON rooms.key = room
			WHERE gone AND keys.at >= ?1 AND (keys.at, name, keys.key) > (?1, ?2, ?3) ORDER BY keys.at, name, keys.key LIMIT ?4`,
			at, name, key, pageRows)
		if err != nil {
			return err
		}
		var page []*history.Record
		n := 0
		for ; rows.Next(); n++ {
			r := &history.Record{Type: history.RecordKey}
			var room int64
			if err := rows.Scan(&at, &name, &key, &r.ID, &room); err != nil {
				rows.Close()
				return err
			}
			if r.Room, r.Key, r.At = name, key, time.UnixMilli(at).UTC(); e.room == 0 || e.room == room {
				page = append(page, r)
			}
		}
		if err := rows.Err(); err != nil || n == 0 {
			return err
		}
		if err := e.put(page); err != nil {
			return err
		}
	}
}

// rooms exports the state of the rooms. It comes after messages and keys, and so has every id that
// they have.
func (e *export) rooms() error {
	after := ""
	for {
		rows, err := e.db.QueryContext(e.ctx, `SELECT name, base,
			max(last, coalesce((SELECT id FROM messages WHERE room = rooms.key AND key <= ?1 ORDER BY id DESC LIMIT 1), 0)), lost, `+sparseNow+`,
			(SELECT json_group_array(json_array(first, last)) FROM (SELECT first, last FROM jumps WHERE room = rooms.key ORDER BY first))
			FROM rooms WHERE name > ?2 AND (?3 = '' OR name = ?3) ORDER BY name LIMIT ?4`, e.last, after, e.options.Room, pageRows)
		if err != nil {
			return err
		}
		var page []*history.Record
		for rows.Next() {
			r := &history.Record{Type: history.RecordRoom}
			var jumps []byte
			err := rows.Scan(&r.Room, &r.Base, &r.Last, &r.Lost, &r.Sparse, &jumps)
			if err == nil {
				err = json.Unmarshal(jumps, &r.Jumps)
			}
			if err != nil {
				rows.Close()
				return err
			}
			r.Last, after = max(r.Last, r.Lost), r.Room
			page = append(page, r)
		}
		if err := rows.Err(); err != nil || len(page) == 0 {
			return err
		}
		if err := e.put(page); err != nil {
			return err
		}
	}
}

// end exports the meta data.
func (e *export) end() error {
	r := &history.Record{Type: history.RecordEnd, Seq: max(e.last, e.options.Since)}
	var at int64
	err := e.db.QueryRowContext(e.ctx, `SELECT coalesce((SELECT value FROM meta WHERE name = 'floor'), 0),
		coalesce((SELECT value FROM meta WHERE name = 'jump'), 0), coalesce((SELECT value FROM meta WHERE name = 'time'), 0),
		EXISTS (SELECT 1 FROM meta WHERE name = 'used')`).Scan(&r.Floor, &r.Jump, &at, &r.Open)
	if err != nil {
		return err
	}
	if at != 0 {
		r.At = time.UnixMilli(at).UTC()
	}
	return e.put([]*history.Record{r})
}

// openReader opens the history in a folder for reading. A server may use it.
func openReader(dir string) (db *sql.DB, path string, err error) {
	path = filepath.Join(dir, fileName)
	db, version, err := openExisting(driver, path)
	switch {
	case err != nil:
		return nil, path, err
	case db == nil:
		return nil, path, noHistory(path)
	case version < int64(len(migrations)):
		db.Close()
		return nil, path, &fileError{path, fmt.Sprintf("is of an older partyline (schema %d, this one reads %d): start the server with it once", version, len(migrations))}
	}
	return db, path, nil
}
