package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"partyline/hub/history"
)

// driver is the name of SQLite in database/sql.
const driver = "sqlite"

// pragmas are the settings of the writer's connections. There is no automatic checkpoint, which
// would delay messages: see checkpoints.
var pragmas = []string{
	"busy_timeout(2000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(0)",
	"journal_size_limit(4194304)", "cache_size(-16384)",
}

// open opens the file, which it creates if necessary, and reads its meta data.
func (w *writer) open() error {
	err := createDatabase(w.driver, w.j.path)
	if err == nil {
		err = w.connect()
	}
	if err != nil {
		return err
	}
	err = w.exec("PRAGMA temp_store = FILE") // sorting takes no memory
	if err == nil {
		err = w.transaction(true, w.startUse)
	}
	if err == nil {
		err = w.exec("PRAGMA temp_store = MEMORY")
	}
	if err != nil {
		w.disconnect()
	}
	return err
}

// createDatabase creates a database without messages, unless there is a file that is not empty. The
// file gets its name when it is complete: a process that is killed leaves no incomplete one. SQLite
// syncs the folder with the first message.
func createDatabase(driver, path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && info.Size() > 0:
		return nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	created := path + ".created"
	os.Remove(created)
	if err := errors.Join(removeLogs(path), removeLogs(created), createFile(created)); err != nil {
		return err
	}
	db, conn, err := openWriter(driver, created)
	if err != nil {
		return err
	}
	if err := errors.Join(conn.Close(), db.Close()); err != nil { // this moves everything from the log to the file
		return err
	}
	return os.Rename(created, path)
}

// openWriter opens an existing file, which may be empty, and migrates it to the current schema.
func openWriter(driver, path string) (*sql.DB, *sql.Conn, error) {
	db, err := sql.Open(driver, dsn(path, "rwc", pragmas...))
	if err != nil {
		return nil, nil, err
	}
	db.SetMaxOpenConns(2) // the second is for checkpoints
	conn, err := db.Conn(context.Background())
	if err == nil {
		err = migrate(conn, migrations)
	}
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, conn, nil
}

// connect opens the connections.
func (w *writer) connect() error {
	if err := protect(w.j.path); err != nil {
		return err
	}
	db, conn, err := openWriter(w.driver, w.j.path)
	if err != nil {
		return err
	}
	w.files, err = statFiles(w.j.dir, w.j.path)
	var readers, searchers *sql.DB
	if err == nil {
		readers, err = openReaders(w.driver, w.j.path, maxReads)
	}
	if err == nil {
		searchers, err = openReaders(w.driver, w.j.path, maxSearches)
	}
	if err != nil {
		db.Close()
		return err
	}
	w.db, w.conn, w.synced, w.prepared = db, conn, true, make(map[string]*sql.Stmt)
	w.j.mu.Lock()
	w.j.readers, w.j.searchers = readers, searchers
	w.j.mu.Unlock()
	return nil
}

// openReaders opens a pool of at most n connections that only read.
func openReaders(driver, path string, n int) (*sql.DB, error) {
	db, err := sql.Open(driver, dsn(path, "rw", "busy_timeout(2000)", "query_only(1)"))
	if err == nil {
		db.SetMaxOpenConns(n)
		db.SetMaxIdleConns(n)
	}
	return db, err
}

// dsn returns the data source name of a file, with the mode and the settings of the connections.
func dsn(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": pragmas}
	if mode == "rwc" { // transactions write
		q.Set("_txlock", "immediate")
	}
	u := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	return u.String()
}

// disconnect closes all connections. It waits for checkpoints.
func (w *writer) disconnect() error {
	w.background.Wait()
	w.j.mu.Lock()
	readers, searchers := w.j.readers, w.j.searchers
	w.j.mu.Unlock()
	readers.Close()
	searchers.Close()
	w.closeConn()
	return w.db.Close()
}

// close saves everything in the file and closes the Journal.
func (w *writer) close() {
	w.checkDisk()
	if w.health.err == nil {
		if err := w.transaction(true, w.endUse); err != nil {
			w.setFailed(err)
		}
		w.copyWholeLog()
	}
	if h := &w.health; h.err != nil {
		w.j.log.Error("history closed unwritten", "file", w.j.path, "err", h.err,
			"since", h.since.Format(time.RFC3339), "affected", h.affected, "hint", hint(h.err))
	}
	if err := w.disconnect(); err != nil {
		w.j.log.Warn("close failed", "file", w.j.path, "err", err)
	}
	w.j.lock.Unlock()
}

// startUse reads the meta data and marks the file as in use with the current options. If the
// previous use did not end with endUse, it may have given ids that the file does not have: with
// Live, or after a power failure without SyncFull. Then each room continues above all of them.
func (w *writer) startUse() error {
	var floor, resumeAbove, trusted int64
	var used string
	if err := w.queryRow(`SELECT
		coalesce((SELECT value FROM meta WHERE name = 'floor'), 0),
		coalesce((SELECT value FROM meta WHERE name = 'jump'), 0),
		coalesce((SELECT value FROM meta WHERE name = 'used'), ''),
		coalesce((SELECT value FROM meta WHERE name = 'indexed'), 0),
		coalesce((SELECT value FROM meta WHERE name = 'time'), (SELECT 0 FROM messages LIMIT 1), ?)`,
		w.j.options.wall().UnixMilli()).Scan(&floor, &resumeAbove, &used, &w.indexed, &trusted); err != nil {
		return err
	}
	w.clock = newClock(w.j.options.wall, time.UnixMilli(trusted))
	if now := history.IDFloor(w.j.opened); now > floor {
		floor = now
	} else if used != "" { // the clock was set back, and the previous use gave ids above its floor
		floor += 1 << 32
	}
	if how := strings.Fields(used); len(how) > 0 && (how[0] != string(Refuse) ||
		how[1] != string(SyncFull) && (len(how) < 3 || how[2] != bootID())) {
		resumeAbove = floor
	}
	w.j.startFloor, w.j.floor, w.j.resumeAbove, w.unindexed = floor, floor, resumeAbove, true
	o := w.j.options
	if o.Replica { // it gives no ids
		w.j.floor, w.j.resumeAbove = 0, 0
	} else if err := w.exec(`UPDATE rooms SET sparse = `+sparseNow+` WHERE sparse = ?`, int64(history.MaxID)); err != nil {
		return err
	}
	if err := w.exec(`REPLACE INTO meta VALUES ('floor', ?), ('jump', ?), ('time', ?), ('used', ?)`, floor, resumeAbove,
		w.now().UnixMilli(), strings.Join([]string{string(o.OnError), string(o.Sync), bootID()}, " ")); err != nil {
		return err
	}
	if o.Retention.Age > 0 {
		return w.exec(`CREATE INDEX IF NOT EXISTS messages_at ON messages (at)`)
	}
	return w.exec(`DROP INDEX IF EXISTS messages_at`)
}

// endUse marks the file as not in use: it has every id that was given.
func (w *writer) endUse() error {
	w.j.mu.Lock()
	w.j.floor = w.j.unusedID()
	w.j.mu.Unlock()
	if _, err := w.saveAll(); err != nil {
		return err
	}
	return w.exec(`DELETE FROM meta WHERE name = 'used'`)
}

// bootID returns an id that the machine gets when it starts, or "" if it is not known.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}
