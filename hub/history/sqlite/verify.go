package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"partyline/hub/history"
)

// maxProblems bounds the problems of one kind that Verify reports.
const maxProblems = 100

// Verify checks the history in a folder, and calls report with each problem as one line. It changes
// nothing, and a server may use the folder, but SQLite's log is not copied into the file while
// Verify checks the pages. An error means that the check is not complete.
func Verify(ctx context.Context, dir string, report func(problem string)) error {
	db, path, err := openReader(dir)
	if err != nil {
		return err
	}
	defer db.Close()
	v := &verification{ctx, db, report}
	for _, step := range []func() error{v.checkPages, v.checkTables, v.checkRecords} {
		if err := step(); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return explain(path, err)
		}
	}
	return nil
}

type verification struct {
	ctx    context.Context
	db     *sql.DB
	report func(string)
}

// checkPages checks the tables, their indexes and the search index with SQLite's own check.
func (v *verification) checkPages() error {
	return v.list(`PRAGMA integrity_check(100)`, func(s string) string {
		if s == "ok" {
			return ""
		}
		return s
	})
}

// tableChecks are queries for the rows that contradict each other. Each result is a problem.
var tableChecks = []string{
	`SELECT 'message '||id||' belongs to no room: seq '||key FROM messages WHERE room NOT IN (SELECT key FROM rooms)`,
	`SELECT 'key '||quote(key)||' belongs to no room' FROM keys WHERE room NOT IN (SELECT key FROM rooms)`,
	`SELECT 'jump '||first||' to '||last||' belongs to no room' FROM jumps WHERE room NOT IN (SELECT key FROM rooms)`,
	`SELECT 'room '||name||': key '||quote(keys.key)||' points to message '||id||', which is missing'
		FROM keys JOIN rooms ON rooms.key = room WHERE NOT gone
		AND NOT EXISTS (SELECT 1 FROM messages WHERE messages.room = keys.room AND messages.id = keys.id)`,
	`SELECT 'room '||name||': key '||quote(keys.key)||' is marked as that of a deleted message, but message '||id||' exists'
		FROM keys JOIN rooms ON rooms.key = room WHERE gone
		AND EXISTS (SELECT 1 FROM messages WHERE messages.room = keys.room AND messages.id = keys.id)`,
	`SELECT 'room '||name||': message '||id||' was stored before message '||previous FROM
		(SELECT room, id, key, lag(id) OVER w AS previous, lag(key) OVER w AS before FROM messages WINDOW w AS (PARTITION BY room ORDER BY id)) AS m
		JOIN rooms ON rooms.key = room WHERE before > m.key`,
	`SELECT 'room '||name||': message '||id||' is not above the base '||base FROM messages JOIN rooms ON rooms.key = room WHERE id <= base`,
	`SELECT 'room '||name||': base '||base||', last '||last||' and lost '||lost||' contradict each other' FROM rooms
		WHERE last < base OR lost > max(last, coalesce((SELECT max(id) FROM messages WHERE room = rooms.key), 0))`,
	`SELECT 'message with seq '||key||' is missing in the search index' FROM messages
		WHERE key <= (SELECT value FROM meta WHERE name = 'indexed') AND key NOT IN (SELECT id FROM words_docsize)`,
	`SELECT 'the search index has seq '||id||', which is no message' FROM words_docsize WHERE id NOT IN (SELECT key FROM messages)`,
}

func (v *verification) checkTables() error {
	for _, query := range tableChecks {
		if err := v.list(query+fmt.Sprintf(" LIMIT %d", maxProblems), func(s string) string { return s }); err != nil {
			return err
		}
	}
	return nil
}

// list reports the results of a query, except those for which problem returns "".
func (v *verification) list(query string, problem func(string) string) error {
	rows, err := v.db.QueryContext(v.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s sql.NullString
		if err := rows.Scan(&s); err != nil {
			return err
		}
		if s := problem(s.String); s != "" {
			v.report(strings.Join(strings.Fields(s), " "))
		}
	}
	return rows.Err()
}

// checkRecords checks what an export would have.
func (v *verification) checkRecords() error {
	reported := 0
	e := &export{ctx: v.ctx, db: v.db, emit: func(r *history.Record) error {
		if err := r.Check(); err != nil && reported < maxProblems {
			reported++
			v.report(fmt.Sprintf("%s %d in room %q: %v", r.Type, r.ID, r.Room, err))
		}
		return nil
	}}
	return e.run()
}

// noHistory is the error for a folder without a history.
func noHistory(path string) error {
	return &fileError{path, fmt.Sprintf("does not exist, or is empty: there is no history in %s", filepath.Dir(path))}
}
