package disk

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"time"

	"partyline/hub"
)

// pragmas are the settings of the writer's connections. It decides by itself when the log
// is brought into the file, since that takes longer than a message may.
var pragmas = []string{
	"busy_timeout(2000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(0)",
	"journal_size_limit(4194304)", "cache_size(-16384)", "temp_store(MEMORY)",
}

// open connects with the file and learns what is in it.
func (w *writer) open() error {
	if err := w.connect(); err != nil {
		return err
	}
	err := w.transaction(true, func() error {
		if err := w.begin(); err != nil {
			return err
		}
		return w.load()
	})
	if err != nil {
		w.disconnect()
	}
	return err
}

// connect opens the file, making it where there is none.
func (w *writer) connect() error {
	db, err := sql.Open(w.driver, dsn(w.j.path, "rwc", pragmas...))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(2) // one is for checkpoints
	conn, err := db.Conn(context.Background())
	if err == nil {
		err = migrate(conn, migrations)
	}
	if err == nil {
		w.files, err = watch(w.j.dir, w.j.path)
	}
	var readers *sql.DB
	if err == nil {
		readers, err = sql.Open(w.driver, dsn(w.j.path, "rw", "busy_timeout(2000)", "query_only(1)"))
	}
	if err != nil {
		db.Close()
		return err
	}
	readers.SetMaxOpenConns(maxReads)
	readers.SetMaxIdleConns(maxReads)
	w.db, w.conn, w.synced, w.prepared = db, conn, true, make(map[string]*sql.Stmt)
	w.j.mu.Lock()
	w.j.readers = readers
	w.j.mu.Unlock()
	return nil
}

func (w *writer) disconnect() error {
	w.checkpoints.wait()
	w.j.mu.Lock()
	readers := w.j.readers
	w.j.mu.Unlock()
	readers.Close()
	for _, s := range w.prepared {
		s.Close()
	}
	w.conn.Close()
	return w.db.Close()
}

// close brings everything into the file.
func (w *writer) close() {
	if w.health.err != nil && w.mayTry() {
		w.probe()
	}
	if w.health.err == nil {
		if err := w.transaction(true, w.end); err != nil {
			w.isIll(err)
		}
		w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if h := &w.health; h.err != nil {
		w.j.log.Error("history ends unwritten", "file", w.j.path, "err", h.err,
			"since", h.since.Format(time.RFC3339), "affected", h.affected, "hint", hint(h.err))
	}
	if err := w.disconnect(); err != nil {
		w.j.log.Warn("closing the history", "file", w.j.path, "err", err)
	}
	w.j.lock.Unlock()
}

// begin notes that the file is in use, and how. Ids may have been given that it does not
// know where somebody used it who did not come to an end: with Live, or where the machine
// lost power without SyncFull. Then each room goes on above whatever was given.
func (w *writer) begin() error {
	var before string
	err := w.row(`SELECT value FROM meta WHERE name = 'used'`).Scan(&before)
	if err != nil && err != sql.ErrNoRows {
		return err
	}
	var floor int64
	if err := w.row(`SELECT coalesce(max(value), 0) FROM meta WHERE name = 'floor'`).Scan(&floor); err != nil {
		return err
	}
	w.j.floor = max(floor, hub.FirstID(time.Now()))
	o := w.j.options
	if err := w.exec(`REPLACE INTO meta VALUES ('used', ?), ('floor', ?)`,
		strings.Join([]string{string(o.OnError), string(o.Sync), boot()}, " "), w.j.floor); err != nil {
		return err
	}
	used := strings.Fields(before)
	if len(used) == 0 || used[0] == string(Refuse) && (used[1] == string(SyncFull) || len(used) > 2 && used[2] == boot()) {
		return nil
	}
	const newest = `max(last, coalesce((SELECT max(place) & ? FROM messages WHERE place BETWEEN number << ? AND (number << ?) | ?) + base, 0))`
	mask := int64(1)<<numberShift - 1
	if err := w.exec(`UPDATE rooms SET last = `+newest, mask, numberShift, numberShift, mask); err != nil {
		return err
	}
	if err := w.exec(`INSERT INTO holes SELECT number, last + 1, ?, 0 FROM rooms WHERE last < ?`, w.j.floor, w.j.floor); err != nil {
		return err
	}
	return w.exec(`UPDATE rooms SET last = ? WHERE last < ?`, w.j.floor, w.j.floor)
}

// end notes that the file knows everything.
func (w *writer) end() error {
	if err := w.saveRooms(); err != nil {
		return err
	}
	return w.exec(`DELETE FROM meta WHERE name = 'used'`)
}

// boot names the time since the machine was started; "" where nobody knows.
func boot() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// load learns of the rooms.
func (w *writer) load() error {
	ctx := context.Background()
	rows, err := w.conn.QueryContext(ctx, `SELECT number, coalesce(name, ''), base, last, indexed FROM rooms`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var number, base, last, indexed int64
		if err := rows.Scan(&number, &name, &base, &last, &indexed); err != nil {
			return err
		}
		r := newRoom(name, number, base, last)
		r.written, r.indexed = true, indexed
		w.j.numbers[number] = r
		if name != "" {
			w.j.rooms[name] = r
		} else {
			r.forgotten = true
			w.forgotten = append(w.forgotten, r)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, r := range w.j.numbers {
		if err := w.loadRoom(r); err != nil {
			return err
		}
		w.busy(r)
	}
	holes, err := w.conn.QueryContext(ctx, `SELECT room, first, last, sure FROM holes ORDER BY room, first`)
	if err != nil {
		return err
	}
	defer holes.Close()
	for holes.Next() {
		var number int64
		var h hole
		if err := holes.Scan(&number, &h.first, &h.last, &h.sure); err != nil {
			return err
		}
		if r := w.j.numbers[number]; r != nil {
			r.holes = append(r.holes, h)
		}
	}
	return holes.Err()
}

// loadRoom learns of a room's messages.
func (w *writer) loadRoom(r *room) error {
	from, to := r.place(r.base), r.place(r.base+1<<numberShift-1)
	edge := func(query string, at *int64) (int64, error) {
		var place int64
		err := w.row(query, from, to).Scan(&place, at)
		if err == sql.ErrNoRows {
			return -1, nil
		}
		return place, err
	}
	var at int64
	newest, err := edge(`SELECT place, at FROM messages WHERE place BETWEEN ? AND ? ORDER BY place DESC LIMIT 1`, &r.lastAt)
	if err != nil {
		return err
	}
	oldest, err := edge(`SELECT place, at FROM messages WHERE place BETWEEN ? AND ? ORDER BY place LIMIT 1`, &at)
	if err != nil {
		return err
	}
	keyed, err := edge(`SELECT place, at FROM keys WHERE place BETWEEN ? AND ? ORDER BY place LIMIT 1`, &at)
	if err != nil {
		return err
	}
	if newest >= 0 {
		r.last = max(r.last, r.id(newest))
	}
	r.oldest, r.rows, r.keyed, r.from = r.last+1, r.last+1, r.last+1, r.last+1
	if oldest >= 0 {
		r.oldest, r.rows = r.id(oldest), r.id(oldest)
	}
	if keyed >= 0 {
		r.keyed = r.id(keyed)
	}
	if r.forgotten {
		r.oldest = r.last + 1
	}
	r.indexed = max(r.indexed, r.rows-1)
	return nil
}
