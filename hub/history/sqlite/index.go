package sqlite

import (
	"context"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// indexAtOnce bounds the number of messages that are indexed between two batches.
const indexAtOnce = 32

// index adds the next messages to the index. It does nothing while the file has far too many
// messages: the next ones would be deleted first.
func (w *writer) index() (did bool, err error) {
	if w.j.indexDamaged.Load() {
		return true, w.rebuild()
	}
	if !w.unindexed || w.hasExcess(manyExcess) {
		return false, nil
	}
	last := w.indexed
	n := 0
	err = w.transaction(false, func() error {
		list, err := w.nextUnindexed()
		if err != nil || len(list) == 0 {
			return err
		}
		for _, m := range list {
			if err := w.exec(`INSERT INTO words (rowid, text) VALUES (?, ?)`, m.key, m.terms); err != nil {
				return &indexError{err}
			}
			last = m.key
		}
		n = len(list)
		return w.exec(`REPLACE INTO meta VALUES ('indexed', ?), ('time', ?)`, last, w.now().UnixMilli())
	})
	if err != nil {
		return false, err
	}
	w.indexed, w.unindexed = last, n == indexAtOnce
	return n > 0, nil
}

// An indexEntry is what the index has of a message.
type indexEntry struct {
	key   int64
	terms string
}

// nextUnindexed returns the next entries to add to the index.
func (w *writer) nextUnindexed() (list []indexEntry, err error) {
	rows, err := w.conn.QueryContext(context.Background(),
		`SELECT key, room, nick, text FROM messages WHERE key > ? ORDER BY key LIMIT ?`, w.indexed, indexAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, room int64
		m := &wire.Message{}
		if err := rows.Scan(&key, &room, &m.From, &m.Text); err != nil {
			return nil, err
		}
		list = append(list, indexEntry{key, terms(room, history.MessageWords(m))})
	}
	return list, rows.Err()
}

// rebuild replaces a damaged index by an empty one. Its messages are then indexed like new ones.
func (w *writer) rebuild() error {
	err := w.transaction(false, func() error {
		if err := w.exec(`DROP TABLE IF EXISTS words`); err != nil {
			return err
		}
		if err := w.exec(createWords); err != nil {
			return err
		}
		return w.exec(`REPLACE INTO meta VALUES ('indexed', 0)`)
	})
	if err != nil {
		return err
	}
	w.indexed, w.unindexed, w.rebuilt = 0, true, time.Now()
	w.j.indexDamaged.Store(false)
	w.j.log.Warn("damaged search index is rebuilt", "file", w.j.path)
	return nil
}

// isIndexDamage reports whether an error means that the index is damaged, not that the disk is full,
// busy or failing.
func isIndexDamage(err error) bool {
	var index *indexError
	if !errors.As(err, &index) {
		return false
	}
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_ERROR:
		return true
	}
	return false
}
