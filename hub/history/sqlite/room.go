package sqlite

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"partyline/hub/history/ring"
	"partyline/hub/wire"
)

// maxUnused bounds the rooms in memory that nobody uses. They save a look at the file.
const maxUnused = 4096

// A room is what is known of a room without reading the file. Journal.mu guards it, except
// for what belongs to the writer.
type room struct {
	name    string
	members int           // Open less Release
	uses    int           // calls and messages under way
	unused  *list.Element // in Journal.unused; nil while somebody uses the room

	loaded  bool  // what follows is known; otherwise last alone may be
	key     int64 // of its row; 0 if it has none
	base    int64 // its ids are above it
	last    int64 // the newest id that was given
	lost    int64 // the newest id that was, or may have been, given to a message not stored
	oldest  int64 // of the messages that are kept; 0 if there are none
	jumps   []span
	unsaved bool // its row lacks ids that were given to messages not stored

	cache ring.Ring[*wire.Message] // the newest messages that are stored
	from  int64                    // cache has all of them from this id on

	// The writer's own.
	counted bool // kept is known
	kept    int  // the number of messages that are kept
	excess  int  // about how many rows older than oldest are still in the file
	queued  bool // it is in writer.overfull
}

// A span is a run of ids of which nobody knows whether they were given.
type span struct {
	first, last int64
	saved       bool // it is in the file
}

// next returns the id of the oldest message that is kept, or of the next to come.
func (r *room) next() int64 {
	if r.oldest > 0 {
		return r.oldest
	}
	return r.last + 1
}

// use returns a room, which stays in memory until done is called as often. j.mu is held.
func (j *Journal) use(name string) *room {
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

// done ends one use of a room. j.mu is held.
func (j *Journal) done(r *room) {
	r.uses--
	j.retire(r)
}

// retire lets a room that nobody uses be evicted. j.mu is held.
func (j *Journal) retire(r *room) {
	if r.uses > 0 || r.members > 0 || r.unused != nil {
		return
	}
	r.unused = j.unused.PushBack(r)
	for j.unused.Len() > j.maxUnused {
		j.evict(j.unused.Front().Value.(*room))
	}
}

// evict forgets what is in memory of a room. The file has all of it, unless messages were
// told that can't be stored: to give no id twice, every room that is read from the file
// later goes on above those then. j.mu is held.
func (j *Journal) evict(r *room) {
	if r.unsaved {
		j.jump = j.above()
		j.floor = j.jump
	}
	j.cached -= r.cache.Len()
	j.unused.Remove(r.unused)
	delete(j.rooms, r.name)
}

// above returns an id above all that were ever given: ids grow by less than one in a
// microsecond.
func (j *Journal) above() int64 {
	return j.first + time.Since(j.opened).Microseconds() + 1
}

// Open returns the newest id of a room and keeps the room in memory until Release.
func (j *Journal) Open(name string) int64 {
	j.mu.Lock()
	r := j.use(name)
	r.members++
	j.mu.Unlock()
	err := j.load(r)
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.done(r)
	if err != nil && !r.loaded {
		j.guess(r)
	}
	return r.last
}

// guess gives a room that can't be read a newest id that is above all that it had. j.mu is
// held.
func (j *Journal) guess(r *room) {
	if r.last == 0 {
		r.last = j.above()
		r.base = r.last
		r.unsaved = true
	}
}

// Release says that a room has no members any more.
func (j *Journal) Release(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.rooms[name]; r != nil && r.members > 0 {
		r.members--
		j.retire(r)
	}
}

// A querier is a connection or a pool of them.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// used returns a room whose state is known, for one use.
func (j *Journal) used(name string) (*room, error) {
	j.mu.Lock()
	r := j.use(name)
	j.mu.Unlock()
	err := j.load(r)
	if err != nil {
		j.mu.Lock()
		j.done(r)
		j.mu.Unlock()
		return nil, err
	}
	return r, nil
}

// load reads a room's state from the file, unless it is known.
func (j *Journal) load(r *room) error {
	j.mu.Lock()
	readers := j.readers
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), readTime)
	defer cancel()
	return j.loadFrom(ctx, readers, r)
}

// loadFrom does so on a connection. Others may do so at the same time: the first result
// counts. The writer loads a room before it changes it, so that this is no outdated one.
func (j *Journal) loadFrom(ctx context.Context, q querier, r *room) error {
	j.mu.Lock()
	loaded := r.loaded
	j.mu.Unlock()
	if loaded {
		return nil
	}
	s, err := readRoom(ctx, q, r.name, j.options.Keep.Messages)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if !r.loaded {
		j.settle(r, s)
	}
	return nil
}

// stored is what the file has of a room.
type stored struct {
	key, base, last, lost, oldest int64
	jumps                         []span
}

// readRoom reads what the file has of a room, of which the newest messages are kept.
func readRoom(ctx context.Context, q querier, name string, keep int) (s stored, err error) {
	var newest int64
	err = q.QueryRowContext(ctx, `SELECT key, base, last, lost,
		coalesce((SELECT max(id) FROM messages WHERE room = rooms.key), 0) FROM rooms WHERE name = ?`,
		name).Scan(&s.key, &s.base, &s.last, &s.lost, &newest)
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, nil
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
		jump := span{saved: true}
		if err := rows.Scan(&jump.first, &jump.last); err != nil {
			return s, err
		}
		s.jumps = append(s.jumps, jump)
	}
	return s, rows.Err()
}

// newestRows returns the oldest id of the newest n messages of a room, 0 if there is none,
// and how many there are.
func newestRows(ctx context.Context, q querier, key int64, n int) (oldest int64, count int, err error) {
	err = q.QueryRowContext(ctx, `SELECT coalesce(min(id), 0), count(*)
		FROM (SELECT id FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?)`, key, n).Scan(&oldest, &count)
	return oldest, count, err
}

// settle makes what the file has the state of a room. The ids go on above all that were, or
// may have been, given. j.mu is held.
func (j *Journal) settle(r *room, s stored) {
	guessed, given := r.base, r.last // while the file could not be read
	r.loaded = true
	r.key, r.base, r.last, r.lost, r.oldest, r.jumps = s.key, s.base, s.last, s.lost, s.oldest, s.jumps
	if s.key == 0 {
		r.base = max(guessed, j.floor)
		r.last = r.base
	}
	to := max(guessed, r.last)
	if r.last < j.jump {
		to = max(to, j.jump)
	}
	if to > r.last {
		r.jumps = append(r.jumps, span{first: r.last + 1, last: to})
		r.last, r.lost = to, to
	}
	if given > guessed { // messages were told that are not stored
		r.last, r.lost = given, given
	}
	r.from = r.last + 1
}

// isSaved reports whether the file has all that is known of a room.
func (r *room) isSaved() bool {
	return !r.unsaved && !slices.ContainsFunc(r.jumps, func(s span) bool { return !s.saved })
}
