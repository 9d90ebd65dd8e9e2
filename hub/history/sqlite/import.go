package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"partyline/hub/history"

	"github.com/gofrs/flock"
)

const (
	// importRows and importBytes bound the records of a transaction of an Import.
	importRows  = 4096
	importBytes = 8 << 20
	// importRooms bounds the rooms that an Import has in memory.
	importRooms = 4096
)

// An Import adds the records of an export to the history in a folder. A server can't use the folder
// until Close. One goroutine may use an Import.
//
// Messages keep their ids, times and keys. A message that the history has already is skipped, so that
// an import that ended early can be repeated. Nothing is deleted: the server does that, according
// to its history.Retention. It also adds the messages to the search index.
type Import struct {
	statements
	db     *sql.DB
	lock   *flock.Flock
	path   string
	rooms  map[string]*importRoom
	newest int64 // the Seq of the newest message that there ever was
	ended  bool

	open           bool // there is a transaction
	records, bytes int  // in the transaction
	pending        int  // the messages that the transaction adds

	// Added is the number of messages that were added and committed, Skipped that of those that the
	// history had.
	Added, Skipped int
}

type importRoom struct {
	key, base, last int64 // as in the table rooms
	newest          int64 // the id of the newest message; 0 if there is none
}

// OpenImport opens an Import into a folder, and creates the folder and the history if necessary. The
// caller must call Close.
func OpenImport(dir string) (_ *Import, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	i := &Import{path: filepath.Join(dir, fileName), rooms: make(map[string]*importRoom), ended: true}
	if i.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			i.lock.Unlock()
		}
	}()
	if err := checkFile(driver, i.path); err != nil {
		return nil, err
	}
	if err := errors.Join(createDatabase(driver, i.path), protect(i.path)); err != nil {
		return nil, explain(i.path, err)
	}
	if i.db, i.conn, err = openWriter(driver, i.path); err != nil {
		return nil, explain(i.path, err)
	}
	i.prepared = make(map[string]*sql.Stmt)
	err = i.exec("PRAGMA wal_autocheckpoint = 1000")
	if err == nil {
		err = i.queryRow(`SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'messages'), 0)`).Scan(&i.newest)
	}
	if err != nil {
		i.closeFiles()
		return nil, explain(i.path, err)
	}
	return i, nil
}

// Add adds a record that ParseRecord has returned, or that Export has emitted. After an error the
// caller calls Close. If the error is a Conflict, the records before this one are kept; otherwise
// those of the last transactions are.
func (i *Import) Add(r *history.Record) error {
	if !i.open {
		if err := i.exec("BEGIN IMMEDIATE"); err != nil {
			return explain(i.path, err)
		}
		i.open = true
	}
	var conflict *Conflict
	if err := i.add(r); errors.As(err, &conflict) {
		return err
	} else if err != nil {
		i.rollback()
		return explain(i.path, err)
	}
	i.ended = r.Type == history.RecordEnd
	i.records++
	if i.bytes += len(r.Text); i.records >= importRows || i.bytes >= importBytes {
		return i.commit()
	}
	return nil
}

// Ended reports whether the last record was the end of an export, or whether there was none.
func (i *Import) Ended() bool { return i.ended }

// A Conflict says that a record contradicts the history. It has changed nothing.
type Conflict struct{ problem string }

func (e *Conflict) Error() string { return e.problem }

// commit commits the current transaction, if there is one.
func (i *Import) commit() error {
	if !i.open {
		return nil
	}
	if err := i.exec("COMMIT"); err != nil {
		i.rollback()
		return explain(i.path, err)
	}
	i.Added += i.pending
	i.open, i.records, i.bytes, i.pending = false, 0, 0, 0
	return nil
}

func (i *Import) rollback() {
	i.exec("ROLLBACK") // fails if it is rolled back already
	i.open, i.records, i.bytes, i.pending = false, 0, 0, 0
	clear(i.rooms)
}

// Close commits what was added, and closes the files.
func (i *Import) Close() error {
	err := i.commit()
	if err == nil {
		if _, _, err = walCheckpoint(i.conn, "TRUNCATE"); err != nil {
			err = explain(i.path, err)
		}
	}
	return errors.Join(err, i.closeFiles(), i.lock.Unlock())
}

func (i *Import) closeFiles() error {
	return errors.Join(i.closeConn(), i.db.Close())
}

func (i *Import) add(r *history.Record) error {
	if r.Type == history.RecordEnd {
		return i.addEnd(r)
	}
	room, err := i.room(r)
	if err != nil {
		return err
	}
	switch r.Type {
	case history.RecordKey:
		return errors.Join(i.extend(room, r.ID-1, r.ID), i.addKey(room, r, true))
	case history.RecordRoom:
		return i.addRoom(room, r)
	}
	return i.addMessage(room, r)
}

// room returns the room of a record. It creates the room if necessary, with a base that is right
// if nothing more is known.
func (i *Import) room(r *history.Record) (*importRoom, error) {
	if room := i.rooms[r.Room]; room != nil {
		return room, nil
	}
	room := &importRoom{}
	err := i.queryRow(`SELECT key, base, last, coalesce((SELECT max(id) FROM messages WHERE room = rooms.key), 0) FROM rooms WHERE name = ?`,
		r.Room).Scan(&room.key, &room.base, &room.last, &room.newest)
	if errors.Is(err, sql.ErrNoRows) {
		room.base = r.Base
		if r.Type != history.RecordRoom {
			room.base = r.ID - 1
		}
		room.last = room.base
		err = i.queryRow(`INSERT INTO rooms (name, base, last, lost) VALUES (?1, ?2, ?2, 0) RETURNING key`, r.Room, room.base).Scan(&room.key)
	}
	if err != nil {
		return nil, err
	}
	if len(i.rooms) >= importRooms {
		clear(i.rooms)
	}
	i.rooms[r.Room] = room
	return room, nil
}

func (i *Import) addMessage(room *importRoom, r *history.Record) error {
	if r.ID <= room.newest {
		return i.compare(room, r)
	}
	seq := max(r.Seq, i.newest+1)
	if seq >= history.MaxID {
		return &Conflict{"the history has no seq left"}
	}
	if err := i.exec(`INSERT INTO messages (key, room, id, at, nick, via, action, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		seq, room.key, r.ID, r.At.UnixMilli(), r.From, r.Via, r.Type == history.RecordAction, r.Text); err != nil {
		return err
	}
	if room.newest > 0 && r.ID > room.newest+1 { // the messages between were deleted, or not stored
		if err := i.lose(room, r.ID-1); err != nil {
			return err
		}
	}
	if r.ID < room.last { // so were those after it
		if err := i.lose(room, room.last); err != nil {
			return err
		}
	}
	if r.ID <= room.base {
		if err := i.extend(room, r.ID-1, room.last); err != nil {
			return err
		}
	}
	room.newest, i.newest = r.ID, seq
	i.pending++
	if r.Key == "" {
		return nil
	}
	return i.addKey(room, r, false)
}

// compare skips a message that the history has.
func (i *Import) compare(room *importRoom, r *history.Record) error {
	was := &history.Record{Type: history.RecordMessage}
	var at int64
	var action bool
	err := i.queryRow(`SELECT at, nick, via, action, text,
		coalesce((SELECT key FROM keys WHERE keys.room = messages.room AND keys.id = messages.id), '')
		FROM messages WHERE room = ? AND id = ?`, room.key, r.ID).Scan(&at, &was.From, &was.Via, &action, &was.Text, &was.Key)
	if errors.Is(err, sql.ErrNoRows) {
		return &Conflict{fmt.Sprintf("the history has newer messages of room %s, and not id %d", r.Room, r.ID)}
	} else if err != nil {
		return err
	}
	if action {
		was.Type = history.RecordAction
	}
	if was.Type != r.Type || at != r.At.UnixMilli() || was.From != r.From || was.Via != r.Via || was.Text != r.Text ||
		was.Key != "" && was.Key != r.Key {
		return &Conflict{fmt.Sprintf("the history has another message with id %d in room %s", r.ID, r.Room)}
	}
	i.Skipped++
	return nil
}

// addKey adds a key. If the room has the key, it belongs to the newer of the two messages: the first
// one was deleted when its key was used again.
func (i *Import) addKey(room *importRoom, r *history.Record, gone bool) error {
	return i.exec(`INSERT INTO keys (room, key, id, at, gone) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (room, key) DO UPDATE SET id = excluded.id, at = excluded.at, gone = excluded.gone WHERE id < excluded.id
		ON CONFLICT (room, id) DO NOTHING`, room.key, r.Key, r.ID, r.At.UnixMilli(), gone)
}

// lose notes that messages up to an id may be missing in a room.
func (i *Import) lose(room *importRoom, id int64) error {
	return i.exec(`UPDATE rooms SET lost = max(lost, ?) WHERE key = ?`, id, room.key)
}

// extend notes that the ids of a room are above base, and that those up to last were given.
func (i *Import) extend(room *importRoom, base, last int64) error {
	room.base, room.last = min(room.base, base), max(room.last, last)
	return i.exec(`UPDATE rooms SET base = ?, last = ? WHERE key = ?`, room.base, room.last, room.key)
}

// addRoom adds the state of a room, which continues above all of its ids.
func (i *Import) addRoom(room *importRoom, r *history.Record) error {
	lost := r.Lost
	if room.newest > 0 && r.Last > room.newest { // a server deleted newer messages during the export
		lost = r.Last
	}
	if err := errors.Join(i.extend(room, r.Base, r.Last), i.lose(room, lost),
		i.exec(`UPDATE rooms SET sparse = max(sparse, ?1), lost = iif(lost <= ?1, ?2, lost) WHERE key = ?3`, r.Sparse, r.Lost, room.key)); err != nil {
		return err
	}
	for _, j := range r.Jumps {
		if err := i.exec(`INSERT INTO jumps (room, first, last) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`, room.key, j[0], j[1]); err != nil {
			return err
		}
	}
	return nil
}

// addEnd adds the meta data. If ids may have been given after the export, each room continues above
// them when a server starts: see startUse.
func (i *Import) addEnd(r *history.Record) error {
	var at int64
	if !r.At.IsZero() {
		at = r.At.UnixMilli()
	}
	for name, value := range map[string]int64{"floor": r.Floor, "jump": r.Jump, "time": at} {
		if value == 0 {
			continue
		}
		if err := i.exec(`INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)`, name, value); err != nil {
			return err
		}
	}
	if !r.Open {
		return nil
	}
	return i.exec(`REPLACE INTO meta VALUES ('used', ?)`, copied)
}

// copied is the meta datum "used" of a copy of a history that was in use.
const copied = "copied full"
