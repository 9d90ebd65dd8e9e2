package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"partyline/hub/history"
	"partyline/hub/wire"
)

// The files in a Journal's folder.
const (
	fileName = "partyline.db"
	lockName = "partyline.lock"
)

// Sync says which failures a stored message survives.
type Sync string

// The values of Sync.
const (
	SyncFull   Sync = "full"   // a power failure
	SyncNormal Sync = "normal" // a crash of the process, but not a power failure
)

// OnError says what happens to messages that can't be stored.
type OnError string

// The values of OnError.
const (
	Refuse OnError = "refuse" // they are refused
	Live   OnError = "live"   // they are delivered, marked as not stored
)

// Options configure a Journal.
type Options struct {
	Retention history.Retention
	Sync      Sync         // SyncFull if empty
	OnError   OnError      // Refuse if empty
	Log       *slog.Logger // nothing is logged if nil

	// Replica makes the Journal keep copies of the messages of another one: see Journal.Copy. Nothing else is
	// appended.
	Replica bool

	// Stored is called after each transaction that has stored messages, with their number and how
	// long it took. It must not wait. It may be nil.
	Stored func(messages int, took time.Duration)

	wall func() time.Time // the wall clock; time.Now if nil
}

// A Journal is a history.Journal and a history.Searcher on disk.
type Journal struct {
	dir, path  string
	options    Options
	log        *slog.Logger
	lock       *flock.Flock
	opened     time.Time
	startFloor int64 // no id that an earlier Journal gave is greater

	mu sync.Mutex // guards what follows, and the rooms
	roomCache
	pending   []*entry // not taken by the writer yet
	closing   bool
	readers   *sql.DB // for Read and Open
	searchers *sql.DB // for Search, which may take long

	failure      atomic.Pointer[history.Failure] // nil while messages can be stored
	indexDamaged atomic.Bool                     // searches do not use the index until the writer has rebuilt it

	counter counter

	wakeup chan struct{} // has a token if pending is not empty or closing is set
	writer writer
	ended  chan struct{} // closed when the writer has returned
}

// A roomCache has the rooms that are in memory.
type roomCache struct {
	rooms       map[string]*room
	maxUnused   int       // the maximum length of unused
	unused      list.List // of *room: the rooms that may be evicted, least recently used first
	floor       int64     // a room that is not in the file continues with greater ids
	resumeAbove int64     // a room that is loaded from the file continues with greater ids
	cached      int       // the number of messages in the caches of all rooms
}

var (
	_ history.Journal  = (*Journal)(nil)
	_ history.Searcher = (*Journal)(nil)
)

// Open opens the history in a folder and creates both if necessary. If the files can't be used,
// it does not change them and returns an error of one line that says what to do. The caller must
// call Close.
func Open(dir string, o Options) (*Journal, error) { return open(dir, o, driver) }

func open(dir string, o Options, driver string) (_ *Journal, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j := newJournal(dir, o, driver)
	if j.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			j.lock.Unlock()
		}
	}()
	if err := checkFile(driver, j.path); err != nil {
		return nil, err
	}
	if err := j.writer.open(); err != nil {
		return nil, explain(j.path, err)
	}
	go j.writer.serve()
	return j, nil
}

// newJournal returns a Journal that is not open.
func newJournal(dir string, o Options, driver string) *Journal {
	if o.Sync == "" {
		o.Sync = SyncFull
	}
	if o.OnError == "" {
		o.OnError = Refuse
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Stored == nil {
		o.Stored = func(int, time.Duration) {}
	}
	if o.wall == nil {
		o.wall = time.Now
	}
	j := &Journal{
		dir: dir, path: filepath.Join(dir, fileName), options: o, log: o.Log,
		opened:    time.Now(),
		roomCache: roomCache{rooms: make(map[string]*room), maxUnused: maxUnused},
		wakeup:    make(chan struct{}, 1),
		ended:     make(chan struct{}),
	}
	j.writer.init(j, driver)
	return j
}

// lockDir locks a folder against other processes.
func lockDir(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, err
	case !locked:
		return nil, fmt.Errorf("%s is in use by another partyline: stop that one or use another folder", dir)
	}
	return lock, nil
}

// Append implements history.Journal. The writer calls commit, unless the Journal is closed.
func (j *Journal) Append(m *wire.Message, key string, commit func(history.Result)) {
	m.At = j.options.wall()
	j.enqueue(&entry{message: m, key: key, commit: commit})
}

// enqueue gives the writer an entry.
func (j *Journal) enqueue(e *entry) {
	j.mu.Lock()
	closing := j.closing
	if !closing {
		j.pending = append(j.pending, e)
	}
	j.mu.Unlock()
	if closing {
		e.commit(history.Result{Err: errClosed})
		return
	}
	j.wake()
}

var errClosed = errors.New("the history is closed")

// wake wakes the writer.
func (j *Journal) wake() {
	select {
	case j.wakeup <- struct{}{}:
	default:
	}
}

// Close stores the pending messages and closes the files. If ctx ends first, Close returns its
// error while the writer continues. Committed messages are stored in any case.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.closing = true
	j.mu.Unlock()
	j.wake()
	select {
	case <-j.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
