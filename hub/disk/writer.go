package disk

import (
	"context"
	"database/sql"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"partyline/hub"
)

const (
	// maxBatch bounds the messages of one transaction.
	maxBatch = 4096
	// gatherTime is the least between the beginnings of two transactions, unless there is
	// enough for one.
	gatherTime = 2 * time.Millisecond
	enough     = 256
	// rowsAtOnce is how many messages one statement stores: it costs little more than one.
	rowsAtOnce = 32
	// tick is how often the writer looks after what no message brings about.
	tick = 500 * time.Millisecond
)

// An entry is a message on its way to the disk.
type entry struct {
	message *hub.Message
	key     string
	commit  func(hub.Fate)
	room    *room
	fate    hub.Fate
}

// A writer is the one goroutine that changes the file. What it has is its own, but for what
// Journal.mu guards.
type writer struct {
	j         *Journal
	driver    string
	db        *sql.DB
	conn      *sql.Conn
	synced    bool // commits of conn wait for the disk
	files     files
	prepared  map[string]*sql.Stmt
	health    health
	restored  os.FileInfo // the copy of a deleted file, while it is not open yet
	unstored  unstored
	chores    []*room // with words to index or messages to delete
	share     share
	forgotten []*room // guarded by Journal.mu
	checked   time.Time
	began     time.Time // of the last batch
	checkpoints
}

// serve writes until the journal closes.
func (w *writer) serve() {
	defer close(w.j.ended)
	every := time.NewTicker(tick)
	defer every.Stop()
	for {
		select {
		case <-w.j.awake:
		case <-every.C:
			w.look()
		}
		for {
			w.checkSize()
			w.gather()
			batch, closing := w.take()
			switch {
			case len(batch) > 0:
				w.write(batch)
			case closing:
				w.close()
				return
			}
			if w.mayTend() && w.chore() || len(batch) > 0 {
				continue
			}
			break
		}
	}
}

// gather waits where the last transaction began a moment ago, so that under load one has
// many messages. A message that comes alone does not wait.
func (w *writer) gather() {
	if wait := gatherTime - time.Since(w.began); wait > 0 {
		w.j.mu.Lock()
		n := len(w.j.pending)
		w.j.mu.Unlock()
		if n > 0 && n < enough {
			time.Sleep(wait)
		}
	}
}

func (w *writer) take() (batch []*entry, closing bool) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(len(j.pending), maxBatch)
	batch, j.pending = j.pending[:n:n], j.pending[n:]
	if len(j.pending) == 0 {
		j.pending = nil
	}
	for _, e := range batch {
		name := e.message.Room
		if e.room = j.rooms[name]; e.room == nil {
			e.room = j.newRoom(name)
		}
	}
	return batch, j.closing
}

// write stores a batch and tells everybody in it what became of that.
func (w *writer) write(batch []*entry) {
	w.began = time.Now()
	if w.health.err != nil && w.mayTry() {
		w.probe()
	}
	err := w.health.err
	if err == nil {
		if err = w.transaction(true, func() error { return w.store(batch) }); err != nil {
			w.isIll(err)
		}
	}
	switch {
	case err == nil:
		w.publish(batch)
	case w.j.options.OnError == Live:
		w.skip(batch)
	default:
		w.refuse(batch, err)
	}
	more := make(map[*room]bool)
	for _, e := range slices.Backward(batch) {
		e.fate.More = more[e.room]
		more[e.room] = true
	}
	for _, e := range batch {
		e.commit(e.fate)
	}
	w.share.last = time.Now()
}

// transaction does work in a transaction. Where it is safe, the disk has it after that.
func (w *writer) transaction(safe bool, work func() error) error {
	if err := w.files.present(); err != nil {
		return err
	}
	safe = safe && w.j.options.Sync == SyncFull
	if safe != w.synced {
		level := "NORMAL"
		if safe {
			level = "FULL"
		}
		if err := w.exec("PRAGMA synchronous = " + level); err != nil {
			return err
		}
		w.synced = safe
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := work()
	if err != nil {
		w.exec("ROLLBACK") // it may be rolled back already
		return err
	}
	if err = w.exec("COMMIT"); err != nil {
		w.exec("ROLLBACK")
		w.overwrite()
	}
	return err
}

// overwrite puts a small transaction into the log in the place of one whose commit failed.
// The log may have all of that, and whoever opens the file next would take it as committed,
// though it was refused. It does not wait for the disk, which is in trouble.
func (w *writer) overwrite() {
	w.synced = false
	if w.exec("PRAGMA synchronous = NORMAL") != nil || w.exec("BEGIN IMMEDIATE") != nil {
		return
	}
	if w.exec(probed, time.Now().UnixMilli()) != nil || w.exec("COMMIT") != nil {
		w.exec("ROLLBACK")
	}
}

// probed is a small change to the file.
const probed = `REPLACE INTO meta VALUES ('probed', ?)`

// store gives each message of a batch its id and puts it into the file. Nothing else
// changes by that: the batch may fail.
func (w *writer) store(batch []*entry) error {
	next := make(map[*room]int64)
	rows := make([]any, 0, rowsAtOnce*columns)
	for _, e := range batch {
		r := e.room
		e.fate = hub.Fate{}
		if _, known := next[r]; !known {
			next[r] = r.last
			if err := w.saveRoom(r); err != nil {
				return err
			}
		}
		m := e.message
		m.ID = next[r] + 1
		if e.key != "" {
			if err := w.claim(e); err != nil {
				return err
			}
			if e.fate.Repeated {
				continue
			}
		}
		next[r] = m.ID
		rows = append(rows, r.place(m.ID), m.At.UnixMilli(), m.From, m.Via, m.Action, m.Text)
		if len(rows) == rowsAtOnce*columns {
			if err := w.exec(insertRows, rows...); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	for row := range slices.Chunk(rows, columns) {
		if err := w.exec(insertRow, row...); err != nil {
			return err
		}
	}
	return nil
}

const (
	columns   = 6
	insertRow = `INSERT INTO messages (place, at, nick, via, action, text) VALUES (?, ?, ?, ?, ?, ?)`
)

var insertRows = insertRow + strings.Repeat(`, (?, ?, ?, ?, ?, ?)`, rowsAtOnce-1)

// claim makes a key that of its message, or makes the message a repetition.
func (w *writer) claim(e *entry) error {
	r, m := e.room, e.message
	if id, ok := w.unstored.find(r.name, e.key, m.At); ok {
		m.ID, e.fate = id, hub.Fate{Repeated: true, Unstored: true}
		return nil
	}
	const insert = `INSERT INTO keys (place, at, room, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	claim := func() (int64, error) {
		result, err := w.result(insert, r.place(m.ID), m.At.UnixMilli(), r.number, e.key)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	}
	if n, err := claim(); err != nil || n == 1 {
		return err
	}
	var place, at int64
	if err := w.row(`SELECT place, at FROM keys WHERE room = ? AND key = ?`, r.number, e.key).Scan(&place, &at); err != nil {
		return err
	}
	id := r.id(place)
	if id >= r.kept(w.j.options.Keep.Messages) || m.At.UnixMilli()-at < hub.KeyLife.Milliseconds() {
		m.ID, e.fate.Repeated = id, true
		return nil
	}
	if err := w.exec(`DELETE FROM keys WHERE place = ?`, place); err != nil {
		return err
	}
	_, err := claim()
	return err
}

// saveRoom sees to it that the file knows a room and its holes.
func (w *writer) saveRoom(r *room) error {
	const insert = `INSERT INTO rooms (number, name, base, last, indexed) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	if !r.written {
		if err := w.exec(`UPDATE rooms SET name = NULL WHERE name = ? AND number <> ?`, r.name, r.number); err != nil {
			return err
		}
		if err := w.exec(insert, r.number, r.name, r.base, r.last, r.indexed); err != nil {
			return err
		}
	}
	if !r.unsaved {
		return nil
	}
	for _, h := range r.holes {
		const insert = `INSERT INTO holes (room, first, last, sure) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last`
		if err := w.exec(insert, r.number, h.first, h.last, h.sure); err != nil {
			return err
		}
	}
	return w.exec(`UPDATE rooms SET last = ? WHERE number = ?`, r.last, r.number)
}

// saveRooms saves the rooms that have holes which the file does not know.
func (w *writer) saveRooms() error {
	for _, r := range w.j.numbers {
		if r.unsaved {
			if err := w.saveRoom(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish makes what was stored what the journal has.
func (w *writer) publish(batch []*entry) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		r := e.room
		r.written, r.unsaved = true, false
		if e.fate.Repeated {
			continue
		}
		r.last, r.lastAt = e.message.ID, e.message.At.UnixMilli()
		j.cached += r.remember(e.message)
		w.busy(r)
	}
	j.shrinkMemory()
}

// skip has a batch told that can't be stored.
func (w *writer) skip(batch []*entry) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		r, m := e.room, e.message
		if id, ok := w.unstored.find(r.name, e.key, m.At); ok {
			m.ID, e.fate = id, hub.Fate{Repeated: true, Unstored: true}
			continue
		}
		r.last++
		r.lastAt = m.At.UnixMilli()
		r.skip(r.last)
		m.ID, m.Unstored, e.fate = r.last, true, hub.Fate{Unstored: true}
		w.unstored.keep(r.name, e.key, m.ID, m.At)
	}
	w.health.affected += len(batch)
}

func (w *writer) refuse(batch []*entry, err error) {
	for _, e := range batch {
		e.message.ID = 0
		e.fate = hub.Fate{Err: err}
	}
	w.health.affected += len(batch)
}

// exec runs a statement that has no rows on the writer's connection, prepared.
func (w *writer) exec(query string, args ...any) error {
	_, err := w.result(query, args...)
	return err
}

func (w *writer) result(query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return w.conn.ExecContext(context.Background(), query)
	}
	s, err := w.statement(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

func (w *writer) row(query string, args ...any) *sql.Row {
	return w.conn.QueryRowContext(context.Background(), query, args...)
}

func (w *writer) statement(query string) (*sql.Stmt, error) {
	if s := w.prepared[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.prepared[query] = s
	return s, nil
}

// unstored knows the keys of messages that were told and not stored.
type unstored struct {
	ids map[[2]string]keyed
}

type keyed struct {
	id int64
	at time.Time
}

// maxUnstored bounds them: past it those that are old enough go, and then any.
const maxUnstored = 100_000

func (u *unstored) find(room, key string, now time.Time) (id int64, ok bool) {
	k, ok := u.ids[[2]string{room, key}]
	return k.id, ok && key != "" && now.Sub(k.at) < hub.KeyLife
}

func (u *unstored) keep(room, key string, id int64, now time.Time) {
	if key == "" {
		return
	}
	if u.ids == nil {
		u.ids = make(map[[2]string]keyed)
	}
	if len(u.ids) >= maxUnstored {
		maps.DeleteFunc(u.ids, func(_ [2]string, k keyed) bool { return now.Sub(k.at) >= hub.KeyLife })
	}
	for k := range u.ids {
		if len(u.ids) < maxUnstored {
			break
		}
		delete(u.ids, k)
	}
	u.ids[[2]string{room, key}] = keyed{id, now}
}
