// Package disk keeps a hub's history in an SQLite database, so that it outlives the
// program.
//
// One goroutine, the writer, changes the file. It stores all messages that arrived during
// its last transaction in the next one (group commit). A message gets its id, and its
// sender the result, when that transaction is committed. Between transactions the writer
// does maintenance in slices of about a millisecond: it adds messages to the search index
// and deletes those that are no longer kept. Reads and searches use connections of their
// own. The newest messages of a room that is in use are also in memory.
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

// Sync says what a stored message survives.
type Sync string

// The values of Sync.
const (
	SyncFull   Sync = "full"   // the loss of power
	SyncNormal Sync = "normal" // the end of this program, however it ends
)

// OnError says what becomes of messages that can't be stored.
type OnError string

// The values of OnError.
const (
	Refuse OnError = "refuse" // nobody hears them
	Live   OnError = "live"   // they are heard, and marked
)

// Options say how a Journal behaves.
type Options struct {
	Keep    history.Retention
	Sync    Sync    // SyncFull if empty
	OnError OnError // Refuse if empty
	Log     *slog.Logger

	wall func() time.Time // time.Now, or the clock of a test, which may set it at any time
}

// A Journal is a hub.Journal on disk. Its methods may be called from any goroutine.
type Journal struct {
	dir, path string
	options   Options
	log       *slog.Logger
	lock      *flock.Flock
	opened    time.Time
	first     int64 // every id that an earlier Journal gave is at most this

	mu        sync.Mutex // guards what follows, and the rooms
	rooms     map[string]*room
	maxUnused int       // the most of unused
	unused    list.List // of *room: the rooms that may be evicted, least recently used first
	floor     int64     // ids of a room that is not in the file begin above it
	jump      int64     // a room in the file whose newest id is below goes on above it
	cached    int       // messages in the rooms' caches
	pending   []*entry  // not taken by the writer yet
	closing   bool
	readers   *sql.DB // for Read and Open
	searchers *sql.DB // for Search alone, which may take long

	indexDamaged atomic.Bool // searches can't use the index until the writer rebuilds it

	awake  chan struct{} // has a token if there is something in pending, or closing
	writer writer
	ended  chan struct{} // closed when the writer has ended
}

var (
	_ history.Journal  = (*Journal)(nil)
	_ history.Searcher = (*Journal)(nil)
)

// Open opens the history in a folder, and creates both if they don't exist. Its error says
// in one line what is wrong and what to do; nothing is changed then. The caller has to
// close the Journal.
func Open(dir string, o Options) (*Journal, error) { return open(dir, o, driver) }

func open(dir string, o Options, driver string) (_ *Journal, err error) {
	if o.Sync == "" {
		o.Sync = SyncFull
	}
	if o.OnError == "" {
		o.OnError = Refuse
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.wall == nil {
		o.wall = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j := &Journal{
		dir: dir, path: filepath.Join(dir, fileName), options: o, log: o.Log,
		lock:   flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600)),
		opened: time.Now(),
		rooms:  make(map[string]*room), maxUnused: maxUnused,
		awake: make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
	j.writer = newWriter(j, driver)
	locked, err := j.lock.TryLock()
	switch {
	case err != nil:
		return nil, err
	case !locked:
		return nil, fmt.Errorf("%s is in use by another partyline: stop that one, or take another folder", dir)
	}
	defer func() {
		if err != nil {
			j.lock.Unlock()
		}
	}()
	if err := check(driver, j.path); err != nil {
		return nil, err
	}
	if err := j.writer.open(); err != nil {
		return nil, explain(j.path, err)
	}
	go j.writer.serve()
	return j, nil
}

// Append hands m to the writer.
func (j *Journal) Append(m *wire.Message, key string, commit func(history.Result)) {
	m.At = j.options.wall()
	j.mu.Lock()
	closing := j.closing
	if !closing {
		j.pending = append(j.pending, &entry{message: m, key: key, commit: commit})
	}
	j.mu.Unlock()
	if closing {
		commit(history.Result{Err: errClosed})
		return
	}
	j.wake()
}

var errClosed = errors.New("the history is closed")

func (j *Journal) wake() {
	select {
	case j.awake <- struct{}{}:
	default:
	}
}

// Close stores the messages that it was given and closes the file. If ctx ends first, Close
// returns its error and the writer goes on: what is committed is safe in any case.
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
