// Package disk keeps a hub's history in an SQLite database, so that it outlives the
// program.
//
// One goroutine writes. It takes all messages that came while it wrote the last ones into
// one transaction (group commit), and only when that is committed has a message its place
// and is told. What is worth less goes between these, in slices of a millisecond or so: the
// index of words follows what was said, and what is too old goes. Whoever reads does so on
// connections of its own; the newest messages of each room are in memory too.
package disk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"partyline/hub"
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
	Keep    hub.Retention
	Sync    Sync    // SyncFull where empty
	OnError OnError // Refuse where empty
	Log     *slog.Logger
}

// A Journal is a hub.Journal on disk. Its methods may be called from any goroutine.
type Journal struct {
	dir, path string
	options   Options
	log       *slog.Logger
	lock      *flock.Flock

	mu      sync.Mutex // guards what follows, and what the rooms say it does
	rooms   map[string]*room
	numbers map[int64]*room // all rooms that have rows, those that are forgotten too
	floor   int64           // ids of rooms that are not in rooms begin above it
	cached  int             // messages in the rooms' memories
	pending []*entry        // not taken by the writer yet
	closing bool
	readers *sql.DB

	awake  chan struct{} // has a token when there is something in pending, or closing
	writer writer
	ended  chan struct{} // closed when the writer has ended
}

var _ hub.Journal = (*Journal)(nil)

// Open opens the history in a folder, and makes both where there is none. Its error says in
// one line what is wrong and what to do; it has then changed nothing that was there. The
// caller has to close the Journal.
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
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	j := &Journal{
		dir: dir, path: filepath.Join(dir, fileName), options: o, log: o.Log,
		lock:    flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600)),
		rooms:   make(map[string]*room),
		numbers: make(map[int64]*room),
		awake:   make(chan struct{}, 1),
		ended:   make(chan struct{}),
	}
	j.writer = writer{j: j, driver: driver}
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
func (j *Journal) Append(m *hub.Message, key string, commit func(hub.Fate)) {
	m.At = time.Now()
	j.mu.Lock()
	closing := j.closing
	if !closing {
		j.pending = append(j.pending, &entry{message: m, key: key, commit: commit})
	}
	j.mu.Unlock()
	if closing {
		commit(hub.Fate{Err: errClosed})
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

// Close stores what it was given and closes the file. Where ctx ends before, it leaves that
// to the end of the program: what was committed is safe in any case.
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
