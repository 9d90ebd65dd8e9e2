package sqlite

import (
	"database/sql"
	"os"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/wire"
)

const (
	// maxBatch bounds the number of messages of a transaction.
	maxBatch = 4096
	// gatherTime is the least time between the starts of two transactions, unless enough
	// messages are pending.
	gatherTime = 5 * time.Millisecond
	enough     = 128
	// tick is the interval at which the writer checks the disk.
	tick = 500 * time.Millisecond
)

// An entry is a call of Append.
type entry struct {
	message *wire.Message
	key     string
	commit  func(history.Result)
	room    *room
	result  history.Result
}

// A writer changes the file, on one goroutine. Only that goroutine uses the fields, except as noted.
type writer struct {
	j      *Journal
	driver string
	db     *sql.DB
	statements
	synced   bool // commits on conn wait for the disk
	files    files
	health   health
	restored os.FileInfo // the copy of a deleted file that restore has written and not opened yet
	unstored unstoredKeys
	started  time.Time // when the last batch started
	clock    *clock
	maintenance
	checkpoints
}

// init sets the fields that do not change. It is called before serve.
func (w *writer) init(j *Journal, driver string) {
	w.j, w.driver = j, driver
	w.maintenance.w, w.checkpoints.w = w, w
}

// serve runs the writer until the Journal is closed.
func (w *writer) serve() {
	defer close(w.j.ended)
	every := time.NewTicker(tick)
	defer every.Stop()
	for {
		select {
		case <-w.j.wakeup:
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

// gather waits if the last transaction started a moment ago, so that transactions have many
// messages under load. A single message does not wait.
func (w *writer) gather() {
	if wait := gatherTime - time.Since(w.started); wait > 0 {
		w.j.mu.Lock()
		n := len(w.j.pending)
		w.j.mu.Unlock()
		if n > 0 && n < enough {
			time.Sleep(wait)
		}
	}
}

// take returns the next entries, and whether the Journal is closing. The rooms of the entries are
// in use until the end of write.
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
		e.room = j.useLocked(e.message.Room)
	}
	return batch, j.closing
}

// write stores a batch and calls its commit functions.
func (w *writer) write(batch []*entry) {
	w.started = time.Now()
	if w.health.err != nil && w.mayProbe() {
		w.probe()
	}
	err := w.health.err
	if err == nil {
		b := newBatch(w, batch)
		if err = w.transaction(true, b.store); err != nil {
			w.setFailed(err)
		} else {
			b.publish()
			w.j.options.Stored(len(batch), time.Since(w.started))
		}
	}
	switch {
	case err == nil:
	case w.j.options.OnError == Live:
		w.acceptUnstored(batch)
	default:
		w.refuse(batch, err)
	}
	more := make(map[*room]bool)
	for _, e := range slices.Backward(batch) {
		e.result.More = more[e.room]
		more[e.room] = true
	}
	for _, e := range batch {
		e.commit(e.result)
	}
	w.j.mu.Lock()
	for _, e := range batch {
		w.j.doneLocked(e.room)
	}
	w.j.mu.Unlock()
	w.wrote = time.Now()
}

// transaction does work in a transaction. If durable is set the commit waits for the disk, unless
// Options.Sync is SyncNormal.
func (w *writer) transaction(durable bool, work func() error) error {
	if err := w.files.check(); err != nil {
		return err
	}
	durable = durable && w.j.options.Sync == SyncFull
	if durable != w.synced {
		level := "NORMAL"
		if durable {
			level = "FULL"
		}
		if err := w.exec("PRAGMA synchronous = " + level); err != nil {
			return err
		}
		w.synced = durable
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := work()
	if err != nil {
		w.exec("ROLLBACK") // fails if it is rolled back already
		return err
	}
	if err = w.exec("COMMIT"); err != nil {
		w.exec("ROLLBACK")
		w.overwriteFailedCommit()
	}
	return err
}

// overwriteFailedCommit writes a small transaction into the log over one whose commit failed. The
// log may have all of the failed one, which the next process would take as committed although its
// messages were refused. It does not wait for the disk, which is failing.
func (w *writer) overwriteFailedCommit() {
	w.synced = false
	if w.exec("PRAGMA synchronous = NORMAL") != nil || w.exec("BEGIN IMMEDIATE") != nil {
		return
	}
	if w.exec(probeStatement, time.Now().UnixMilli()) != nil || w.exec("COMMIT") != nil {
		w.exec("ROLLBACK")
	}
}

// probeStatement changes the file a little.
const probeStatement = `REPLACE INTO meta VALUES ('probed', ?)`

// acceptUnstored gives ids to the messages of a batch that can't be stored.
func (w *writer) acceptUnstored(batch []*entry) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range batch {
		r, m := e.room, e.message
		if id, ok := w.unstored.find(r.name, e.key, m.At); ok {
			m.ID, e.result = id, history.Result{Repeated: true, Unstored: true}
			continue
		}
		if !r.loaded {
			j.estimateLocked(r)
		}
		r.last++
		r.lost, r.unsaved = r.last, true
		m.ID, m.Unstored, e.result = r.last, true, history.Result{Unstored: true}
		w.unstored.add(r.name, e.key, m.ID, m.At)
	}
	w.health.affected += len(batch)
}

// refuse refuses the messages of a batch.
func (w *writer) refuse(batch []*entry, err error) {
	for _, e := range batch {
		e.message.ID = 0
		e.result = history.Result{Err: err}
	}
	w.health.affected += len(batch)
}
