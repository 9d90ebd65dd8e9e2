package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// checkTime bounds the time of the check for damage in Open. It is enough for a few hundred
// thousand messages.
const checkTime = 400 * time.Millisecond

// checkFile returns an error if the file exists and can't be used. It does not change the file.
func checkFile(driver, path string) error {
	db, _, err := openExisting(driver, path)
	if db == nil || err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), checkTime)
	defer cancel()
	return checkPages(ctx, db, path)
}

// openExisting opens a history for reading, and returns the version of its schema. It returns nil
// if the file does not exist, or is empty.
func openExisting(driver, path string) (_ *sql.DB, version int64, err error) {
	magic, err := head(path)
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && len(magic) == 0:
		return nil, 0, nil // a new one
	case err != nil:
		return nil, 0, err
	case string(magic) != "SQLite format 3\x00":
		return nil, 0, &fileError{path, "is not a history of partyline, or it is damaged: move it away or use another folder"}
	}
	db, err := sql.Open(driver, dsn(path, "ro", "busy_timeout(1000)"))
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			db.Close()
		}
	}()
	db.SetMaxOpenConns(1)
	var id int64
	if err := db.QueryRow("PRAGMA application_id").Scan(&id); err != nil {
		return nil, 0, explain(path, err)
	}
	if err := db.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
		return nil, 0, explain(path, err)
	}
	switch {
	case id != applicationID:
		return nil, 0, &fileError{path, "is a database of another program: use another folder"}
	case version > int64(len(migrations)):
		return nil, 0, &fileError{path, fmt.Sprintf("is of a newer partyline (schema %d, this one supports up to %d): use the newer one, or another folder", version, len(migrations))}
	}
	return db, version, nil
}

// checkPages checks the tables for damage until ctx ends. It does not check the search index, which
// can be rebuilt.
func checkPages(ctx context.Context, db *sql.DB, path string) error {
	tables, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'words%' ORDER BY name`)
	if err != nil {
		return explain(path, err)
	}
	defer tables.Close()
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			return explain(path, err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil {
		return explain(path, err)
	}
	for _, name := range names {
		var verdict string
		err := db.QueryRowContext(ctx, fmt.Sprintf("PRAGMA quick_check('%s')", name)).Scan(&verdict)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return explain(path, err)
		case verdict != "ok":
			return damaged(path, verdict)
		}
	}
	return nil
}

// head returns the first 16 bytes of a file, or fewer if the file is shorter.
func head(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	magic := make([]byte, 16)
	n, err := io.ReadFull(f, magic)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return magic[:n], err
}

// A fileError says that a file can't be used, and what to do.
type fileError struct{ path, problem string }

func (e *fileError) Error() string { return e.path + " " + e.problem }

// explain adds what the operator can do to an error of SQLite.
func explain(path string, err error) error {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &fileError{path, "is locked by another program: end it"}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged(path, err.Error())
	}
	return fmt.Errorf("%s: %w", path, err)
}

// damaged returns the error for a damaged file.
func damaged(path, how string) error {
	how = strings.Join(strings.Fields(how), " ")
	return &fileError{path, fmt.Sprintf("is damaged (%s): restore a copy, or move it away to start a new one", how)}
}

// code returns the primary result code of an error of SQLite, or 0 for other errors.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
