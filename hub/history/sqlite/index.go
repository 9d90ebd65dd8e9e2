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
func (m *maintenance) index() (did bool, err error) {
	if m.w.j.indexDamaged.Load() {
		return true, m.rebuild()
	}
	if !m.unindexed || m.hasExcess(manyExcess) {
		return false, nil
	}
	last := m.indexed
	n := 0
	err = m.w.transaction(false, func() error {
		list, err := m.nextUnindexed()
		if err != nil || len(list) == 0 {
			return err
		}
		for _, e := range list {
			if err := m.w.exec(`INSERT INTO words (rowid, text) VALUES (?, ?)`, e.key, e.terms); err != nil {
				return &indexError{err}
			}
			last = e.key
		}
		n = len(list)
		return m.w.exec(`REPLACE INTO meta VALUES ('indexed', ?), ('time', ?)`, last, m.now().UnixMilli())
	})
	if err != nil {
		return false, err
	}
	m.indexed, m.unindexed = last, n == indexAtOnce
	return n > 0, nil
}

// An indexEntry is the entry of a message in the index.
type indexEntry struct {
	key   int64
	terms string
}

// nextUnindexed returns the next entries to add to the index.
func (m *maintenance) nextUnindexed() (list []indexEntry, err error) {
	rows, err := m.w.conn.QueryContext(context.Background(),
		`SELECT key, room, nick, text FROM messages WHERE key > ? ORDER BY key LIMIT ?`, m.indexed, indexAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key, room int64
		msg := &wire.Message{}
		if err := rows.Scan(&key, &room, &msg.From, &msg.Text); err != nil {
			return nil, err
		}
		list = append(list, indexEntry{key, terms(room, history.MessageWords(msg))})
	}
	return list, rows.Err()
}

// rebuild replaces a damaged index with an empty one. Its messages are then indexed like new ones.
func (m *maintenance) rebuild() error {
	err := m.w.transaction(false, func() error {
		if err := m.w.exec(`DROP TABLE IF EXISTS words`); err != nil {
			return err
		}
		if err := m.w.exec(createWords); err != nil {
			return err
		}
		return m.w.exec(`REPLACE INTO meta VALUES ('indexed', 0)`)
	})
	if err != nil {
		return err
	}
	m.indexed, m.unindexed, m.rebuilt = 0, true, time.Now()
	m.w.j.indexDamaged.Store(false)
	m.w.j.log.Warn("search index damaged, rebuilding", "file", m.w.j.path)
	return nil
}

// isIndexDamage reports whether an error means that the index is damaged, and not that the disk is
// full, busy or failing.
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
