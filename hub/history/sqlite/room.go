package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"partyline/hub/history"
	"partyline/hub/history/ring"
	"partyline/hub/wire"
)

// maxUnused is the number of unused rooms that stay in memory, which saves reading them again.
const maxUnused = 4096

// A room is the state of a room in memory. Journal.mu guards it, except for the fields that belong
// to the writer. When a room is loaded only the writer changes the fields from key to unsaved, so it
// may read them without the lock.
//
// Ids above sparse are consecutive, except that those of messages that were not stored are missing, and
// ranges that were skipped because it is not known which of their ids were given.
type room struct {
	name    string
	members int           // calls of Open without Release
	uses    int           // calls in progress, and messages of the current batch
	unused  *list.Element // in Journal.unused; nil while the room is in use

	loaded    bool      // the fields below are known; otherwise base and last may be estimates
	key       int64     // of its row; 0 if it has none
	base      int64     // ids are greater
	last      int64     // the newest id that was given, or base
	lost      int64     // the newest id that was, or may have been, given to a message not stored
	oldest    int64     // the id of the oldest retained message; 0 if there is none
	uncertain []idRange // the ranges of ids that were skipped
	sparse    int64     // the ids up to it were counted in several rooms together: none of those between two messages is missing
	unsaved   bool      // its row lacks ids that were given to messages not stored

	cache      ring.Ring[*wire.Message] // the newest stored messages
	cachedFrom int64                    // cache has all messages from this id on

	// The following fields belong to the writer.
	counted bool // kept is known
	kept    int  // the number of retained messages
	excess  int  // about how many messages older than oldest are still in the file
	queued  bool // it is in writer.overfull
}

// An idRange is a range of ids of which it is not known whether they were given.
type idRange struct {
	first, last int64
	saved       bool // it is in the file
}

// firstKept returns the id of the oldest retained message, or the next id if there is none.
func (r *room) firstKept() int64 {
	if r.oldest > 0 {
		return r.oldest
	}
	return r.last + 1
}

// useLocked returns the room with a name, perhaps not loaded. It stays in memory until doneLocked
// is called for each use.
func (j *Journal) useLocked(name string) *room {
	r := j.rooms[name]
	if r == nil {
		r = &room{name: name}
		j.rooms[name] = r
	}
	if r.unused != nil {
		j.unused.Remove(r.unused)
		r.unused = nil
	}
	r.uses++
	return r
}

// doneLocked ends one use of a room.
func (j *Journal) doneLocked(r *room) {
	r.uses--
	j.retireLocked(r)
}

// retireLocked lets a room be evicted if it is not in use.
func (j *Journal) retireLocked(r *room) {
	if r.uses > 0 || r.members > 0 || r.unused != nil {
		return
	}
	r.unused = j.unused.PushBack(r)
	for j.unused.Len() > j.maxUnused {
		j.evictLocked(j.unused.Front().Value.(*room))
	}
}

// evictLocked removes an unused room from memory. If the file lacks ids that the room gave, all
// rooms that are loaded later continue above them, so that no id is given twice.
func (j *Journal) evictLocked(r *room) {
	if r.unsaved {
		j.resumeAbove = j.unusedID()
		j.floor = j.resumeAbove
	}
	j.cached -= r.cache.Len()
	j.unused.Remove(r.unused)
	delete(j.rooms, r.name)
}

// unusedID returns an id that is greater than every id that was ever given. Rooms give less than
// one id in a microsecond.
func (j *Journal) unusedID() int64 {
	return j.startFloor + time.Since(j.opened).Microseconds() + 1
}

// Open implements history.Journal. The room stays in memory until Release.
func (j *Journal) Open(name string, _ history.Hear) int64 {
	j.mu.Lock()
	r := j.useLocked(name)
	r.members++
	j.mu.Unlock()
	err := j.load(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.doneLocked(r)
	if err != nil && !r.loaded {
		j.estimateLocked(r)
	}
	return r.last
}

// estimateLocked gives a room that can't be loaded a newest id that is greater than every id that
// it had.
func (j *Journal) estimateLocked(r *room) {
	if r.last == 0 {
		r.last = j.unusedID()
		r.base = r.last
		r.unsaved = true
	}
}

// Release implements history.Journal.
func (j *Journal) Release(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rooms[name]; r != nil && r.members > 0 {
		r.members--
		j.retireLocked(r)
	}
}

// A querier is a *sql.DB or a *sql.Conn.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// useLoaded returns a loaded room for one use.
func (j *Journal) useLoaded(name string) (*room, error) {
	j.mu.Lock()
	r := j.useLocked(name)
	j.mu.Unlock()
	err := j.load(r)
	if err != nil {
		j.mu.Lock()
		j.doneLocked(r)
		j.mu.Unlock()
		return nil, err
	}
	return r, nil
}

// load loads a room from the file, unless it is loaded.
func (j *Journal) load(r *room) error {
	j.mu.Lock()
	readers := j.readers
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	return j.loadFrom(ctx, readers, r)
}

// loadFrom is like load with a given connection. If several calls run at the same time, the result
// of the first to return is used. It is not outdated, because the writer loads a room before it
// changes the room.
func (j *Journal) loadFrom(ctx context.Context, q querier, r *room) error {
	j.mu.Lock()
	loaded := r.loaded
	j.mu.Unlock()
	if loaded {
		return nil
	}
	s, err := readState(ctx, q, r.name, j.options.Retention.Messages)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !r.loaded {
		j.setStateLocked(r, s)
	}
	return nil
}

// A roomState is the state of a room in the file.
type roomState struct {
	key, base, last, lost, oldest, sparse int64
	uncertain                             []idRange
}

// readState reads the state of a room that retains keep messages. The state is zero if the file
// does not have the room.
func readState(ctx context.Context, q querier, name string, keep int) (s roomState, err error) {
	var newest int64
	err = q.QueryRowContext(ctx, `SELECT key, base, last, lost, sparse,
		coalesce((SELECT max(id) FROM messages WHERE room = rooms.key), 0) FROM rooms WHERE name = ?`,
		name).Scan(&s.key, &s.base, &s.last, &s.lost, &s.sparse, &newest)
	if errors.Is(err, sql.ErrNoRows) {
		return roomState{}, nil
	}
	if err != nil {
		return s, err
	}
	s.last = max(s.last, newest)
	if s.oldest, _, err = newestRows(ctx, q, s.key, keep); err != nil {
		return s, err
	}
	rows, err := q.QueryContext(ctx, `SELECT first, last FROM jumps WHERE room = ? ORDER BY first`, s.key)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		u := idRange{saved: true}
		if err := rows.Scan(&u.first, &u.last); err != nil {
			return s, err
		}
		s.uncertain = append(s.uncertain, u)
	}
	return s, rows.Err()
}

// newestRows returns the oldest id of the newest n messages of a room, or 0 if there is none, and
// how many there are.
func newestRows(ctx context.Context, q querier, key int64, n int) (oldest int64, count int, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(min(id), 0), count(*)
		FROM (SELECT id FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?)`, key, n).Scan(&oldest, &count)
	return oldest, count, err
}

// setStateLocked loads a room whose state in the file is s. The room continues above all ids that
// were, or may have been, given.
func (j *Journal) setStateLocked(r *room, s roomState) {
	estimate, given := r.base, r.last // from estimateLocked, and after it; 0 if it was not called
	r.loaded = true
	r.key, r.base, r.last, r.lost, r.oldest, r.uncertain, r.sparse = s.key, s.base, s.last, s.lost, s.oldest, s.uncertain, s.sparse
	if s.key == 0 {
		r.base = max(estimate, j.floor)
		r.last = r.base
	}
	resume := max(estimate, r.last)
	if r.last < j.resumeAbove {
		resume = max(resume, j.resumeAbove)
	}
	if resume > r.last {
		r.uncertain = append(r.uncertain, idRange{first: r.last + 1, last: resume})
		r.last, r.lost = resume, resume
	}
	if given > estimate { // messages were delivered and not stored
		r.last, r.lost = given, given
	}
	r.cachedFrom = r.last + 1
}

// isSaved reports whether the file has the state of the room.
func (r *room) isSaved() bool {
	return !r.unsaved && !slices.ContainsFunc(r.uncertain, func(s idRange) bool { return !s.saved })
}
