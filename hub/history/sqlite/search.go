package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// searchTime bounds the time of a search, which includes waiting for a connection. A search that
// takes longer, because many messages are not indexed yet, returns what it has found.
const searchTime = 2 * time.Second

// Search implements history.Searcher. It checks the messages that are not indexed yet, and then
// queries the index. Its cost depends only on the room: each word in the index is prefixed with
// the room's key.
func (j *Journal) Search(name string, q *history.Query, before int64, limit int) ([]*wire.Message, bool, error) {
	r, err := j.useLoaded(name)
	if err != nil {
		return nil, false, err
	}
	j.mu.Lock()
	s := search{query: q, room: name, key: r.key, oldest: r.firstKept(), before: min(before, r.last+1), want: limit + 1}
	searchers := j.searchers
	j.doneLocked(r)
	j.mu.Unlock()
	if s.before <= s.oldest {
		return nil, false, nil
	}
	s.indexed = !j.indexDamaged.Load()
	err = s.run(searchers)
	if isIndexDamage(err) {
		j.indexDamaged.Store(true)
		j.wake()
		s.found, s.indexed = nil, false
		err = s.run(searchers)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && len(s.found) > 0:
		return s.found[:min(len(s.found), limit)], true, nil
	case err != nil:
		return nil, false, err
	}
	return s.found[:min(len(s.found), limit)], len(s.found) > limit, nil
}

// A search is a call of Search.
type search struct {
	query          *history.Query
	room           string
	key            int64
	oldest, before int64 // messages with oldest <= id < before are searched
	want           int   // the maximum length of found
	indexed        bool  // use the index
	found          []*wire.Message
}

// run searches in one transaction, so that the index does not change during the search.
func (s *search) run(searchers *sql.DB) error {
	ctx, cancel := context.WithTimeout(context.Background(), searchTime)
	defer cancel()
	tx, err := searchers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var indexed, row int64 // the id and the key of the newest message that is indexed
	if s.indexed {
		err := tx.QueryRowContext(ctx, `SELECT id, key FROM messages WHERE room = ? AND id < ?
			AND key <= (SELECT value FROM meta WHERE name = 'indexed') ORDER BY id DESC LIMIT 1`,
			s.key, s.before).Scan(&indexed, &row)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	if err := s.scan(ctx, tx, max(s.oldest, indexed+1)); err != nil || len(s.found) == s.want || indexed < s.oldest {
		return err
	}
	rows, err := tx.QueryContext(ctx, selectColumns+`FROM words CROSS JOIN messages ON key = words.rowid
		WHERE words MATCH ? AND words.rowid <= ? AND room = ? AND id >= ? ORDER BY words.rowid DESC LIMIT ?`,
		expression(s.key, s.query), row, s.key, s.oldest, s.want-len(s.found))
	if err != nil {
		return &indexError{err}
	}
	found, err := collect(rows, s.room)
	if err != nil {
		return &indexError{err}
	}
	s.found = append(s.found, found...)
	return nil
}

// scan checks every message from an id on, newest first.
func (s *search) scan(ctx context.Context, tx *sql.Tx, from int64) error {
	rows, err := tx.QueryContext(ctx, newestBetween, s.key, from, s.before-1, -1)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() && len(s.found) < s.want {
		m, err := scanMessage(rows, s.room)
		if err != nil {
			return err
		}
		if s.query.Matches(m) {
			s.found = append(s.found, m)
		}
	}
	return errors.Join(rows.Err(), ctx.Err())
}

// expression returns the query in the language of FTS5, as phrases that must all match. Words
// contain neither quotes nor operators.
func expression(room int64, q *history.Query) string {
	var b strings.Builder
	for _, phrase := range q.Phrases() {
		b.WriteString(`"` + terms(room, phrase) + `" `)
		if phrase.IsPrefix() {
			b.WriteString(`* `)
		}
	}
	return b.String()
}

// terms returns the words of a message in the form that the index uses.
func terms(room int64, words []string) string {
	prefix := strconv.FormatInt(room, 36) + "_" // words have no underscore
	var b strings.Builder
	for _, word := range words {
		b.WriteString(prefix + word + " ")
	}
	return b.String()
}

// An indexError is an error of a statement that uses the index.
type indexError struct{ err error }

func (e *indexError) Error() string { return "search index: " + e.err.Error() }
func (e *indexError) Unwrap() error { return e.err }
