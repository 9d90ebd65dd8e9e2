package sqlite

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// maxBatch bounds the messages of one transaction.
	maxBatch = 4096
	// gatherTime is the least between the beginnings of two transactions, unless there is
	// enough for one.
	gatherTime = 5 * time.Millisecond
	enough     = 128
	// tick is how often the writer looks at the disk.
	tick = 500 * time.Millisecond
)

// An entry is a message on its way to the disk.
type entry struct {
	message *wire.Message
	key     string
	commit  func(history.Result)
	room    *room
	fate    history.Result
}

// A writer is the one goroutine that changes the file. Its fields are its own.
type writer struct {
	j        *Journal
	driver   string
	db       *sql.DB
	conn     *sql.Conn
	synced   bool // commits of conn wait for the disk
	files    files
	prepared map[string]*sql.Stmt
	health   health
	restored os.FileInfo // the copy of a deleted file, while it is not open yet
	unstored unstored
	began    time.Time // of the last batch
	clock    *clock
	maintenance
	checkpoints
}

func newWriter(j *Journal, driver string) writer {
	return writer{j: j, driver: driver}
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
			w.checkDisk()
		}
		for {
			w.checkpoint()
			w.gather()
			batch, closing := w.take()
			switch {
			case len(batch) > 0:
				w.write(batch)
			case closing:
				w.close()
				return
			}
			if w.maintain() || len(batch) > 0 {
				continue
			}
			break
		}
	}
}

// gather waits if the last transaction began a moment ago, so that under load one has many
// messages. A message that comes alone does not wait.
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

// take returns the next batch, whose rooms stay in memory until its end.
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
		e.room = j.use(e.message.Room)
	}
	return batch, j.closing
}

// write stores a batch and tells each sender the result.
func (w *writer) write(batch []*entry) {
	w.began = time.Now()
	if w.health.err != nil && w.mayTry() {
		w.probe()
	}
	err := w.health.err
	if err == nil {
		b := newBatch(w, batch)
		if err = w.transaction(true, b.store); err != nil {
			w.fail(err)
		} else {
			b.publish()
		}
	}
	switch {
	case err == nil:
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
	w.j.mu.Lock()
	for _, e := range batch {
		w.j.done(e.room)
	}
	w.j.mu.Unlock()
	w.wrote = time.Now()
}

// transaction does work in a transaction. If it is safe, the disk has it after that.
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

// skip gives ids to the messages of a batch that can't be stored.
func (w *writer) skip(batch []*entry) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		r, m := e.room, e.message
		if id, ok := w.unstored.find(r.name, e.key, m.At); ok {
			m.ID, e.fate = id, history.Result{Repeated: true, Unstored: true}
			continue
		}
		if !r.loaded {
			j.guess(r)
		}
		r.last++
		r.lost, r.unsaved = r.last, true
		m.ID, m.Unstored, e.fate = r.last, true, history.Result{Unstored: true}
		w.unstored.keep(r.name, e.key, m.ID, m.At)
	}
	w.health.affected += len(batch)
}

func (w *writer) refuse(batch []*entry, err error) {
	for _, e := range batch {
		e.message.ID = 0
		e.fate = history.Result{Err: err}
	}
	w.health.affected += len(batch)
}

// exec runs a statement that has no rows on the writer's connection. If it has arguments it
// is prepared once.
func (w *writer) exec(query string, args ...any) error {
	_, err := w.result(query, args...)
	return err
}

func (w *writer) result(query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return w.conn.ExecContext(context.Background(), query)
	}
	s, err := w.prepare(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// row runs a query that has one row. It is prepared once.
func (w *writer) row(query string, args ...any) *sql.Row {
	s, err := w.prepare(query)
	if err != nil { // the row tells of it
		return w.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRow(args...)
}

func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if s := w.prepared[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.prepared[query] = s
	}
	return s, err
}
