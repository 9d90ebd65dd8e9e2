package sqlite

import (
	"context"
	"errors"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// indexAtOnce bounds the messages that are indexed between two batches.
const indexAtOnce = 32

// index puts the next messages into the index. It waits while there are far too many messages
// in the file: the next ones are among those that are deleted first.
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
			if err := w.exec(`INSERT INTO words (rowid, text) VALUES (?, ?)`, m.key, m.text); err != nil {
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

// unindexed is a message that is not indexed yet.
type unindexed struct {
	key  int64
	text string // its terms
}

func (w *writer) nextUnindexed() (list []unindexed, err error) {
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
		list = append(list, unindexed{key, terms(room, history.MessageWords(m))})
	}
	return list, rows.Err()
}

// rebuild makes an empty index in the place of a damaged one. The messages are put into it
// one after another, as new ones are.
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
	w.j.log.Warn("the search index was damaged: it is made again, and searches take longer meanwhile", "file", w.j.path)
	return nil
}

// damagesIndex reports whether an error tells of a damaged index, rather than of a disk that
// is full, busy or failing.
func damagesIndex(err error) bool {
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
