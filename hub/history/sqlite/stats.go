package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"
)

// Stats describe the history in the file.
type Stats struct {
	Bytes    int64     `json:"bytes"`            // the size of the file and its log
	Messages int64     `json:"messages"`         // those in the file, at the time Counted
	Rooms    int64     `json:"rooms"`            // as Messages
	Counted  time.Time `json:"counted"`          // at most countEvery ago
	Oldest   *Position `json:"oldest,omitempty"` // the oldest message; nil if there is none
	Newest   *Position `json:"newest,omitempty"`
}

// A Position is where and when a message was stored, as in a Record.
type Position struct {
	Seq  int64     `json:"seq"`
	Room string    `json:"room"`
	ID   int64     `json:"id"`
	At   time.Time `json:"at"`
}

// countEvery is how long the numbers of a count are used, since counting reads all of an index.
const countEvery = 10 * time.Second

// A counter has the result of the last count.
type counter struct {
	mu              sync.Mutex
	messages, rooms int64
	at              time.Time
}

// Stats returns the state of the file. It may be called often, from any goroutine, and delays no
// message.
func (j *Journal) Stats(ctx context.Context) (s Stats, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	j.mu.Lock()
	db := j.searchers // reads of members do not wait for a count
	j.mu.Unlock()
	s.Bytes = sizeOf(j.path)
	if s.Oldest, err = position(ctx, db, `ORDER BY messages.key`); err == nil {
		s.Newest, err = position(ctx, db, `ORDER BY messages.key DESC`)
	}
	if err != nil {
		return s, err
	}
	c := &j.counter
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.at) >= countEvery {
		if err := db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM rooms)`).Scan(&c.messages, &c.rooms); err != nil {
			return s, err
		}
		c.at = time.Now()
	}
	s.Messages, s.Rooms, s.Counted = c.messages, c.rooms, c.at
	return s, nil
}

// position returns the first message in an order, or nil.
func position(ctx context.Context, db *sql.DB, order string) (*Position, error) {
	p := &Position{}
	var at int64
	err := db.QueryRowContext(ctx, `SELECT messages.key, name, id, at FROM messages CROSS JOIN rooms ON rooms.key = room `+order+` LIMIT 1`).
		Scan(&p.Seq, &p.Room, &p.ID, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	p.At = time.UnixMilli(at).UTC()
	return p, err
}
