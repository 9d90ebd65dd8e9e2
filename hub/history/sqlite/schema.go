package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID is the application_id of a history: "prln".
const applicationID = 0x70726c6e

// migrations are the steps from an empty file to the current schema. The user_version of a file is
// the number of steps that were applied. Each step is a transaction. Released steps must not change.
var migrations = []string{
	// The place of a message combines the number of its room with its id less the room's base.
	`
	CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
	CREATE TABLE rooms (
		number INTEGER PRIMARY KEY,
		name   TEXT UNIQUE,               -- NULL if it is forgotten, until its rows are gone
		base   INTEGER NOT NULL,          -- ids begin above it
		last   INTEGER NOT NULL           -- at least so far were ids given
	);
	CREATE TABLE messages (
		place  INTEGER PRIMARY KEY,
		at     INTEGER NOT NULL,          -- milliseconds since 1970
		nick   TEXT NOT NULL,
		via    TEXT NOT NULL,
		action INTEGER NOT NULL,
		text   TEXT NOT NULL
	);
	CREATE TABLE keys (
		place INTEGER PRIMARY KEY,        -- of the key's message
		at    INTEGER NOT NULL,
		room  INTEGER NOT NULL,
		key   TEXT NOT NULL,
		UNIQUE (room, key)
	);
	CREATE TABLE holes (                  -- ids that were given to what is not stored
		room  INTEGER NOT NULL,
		first INTEGER NOT NULL,
		last  INTEGER NOT NULL,
		sure  INTEGER NOT NULL,           -- whether all of them were given
		PRIMARY KEY (room, first)
	) WITHOUT ROWID;
	`,
	// The index has history.MessageWords of each message, by its place.
	`
	CREATE VIRTUAL TABLE words USING fts5 (text, content='', contentless_delete=1, tokenize='ascii');
	ALTER TABLE rooms ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0; -- words has all up to this id
	`,
	// Rows have keys that are never reused. The keys of a room's messages grow with their ids.
	`
	DROP TABLE words;
	ALTER TABLE rooms RENAME TO old_rooms;
	ALTER TABLE messages RENAME TO old_messages;
	ALTER TABLE keys RENAME TO old_keys;
	CREATE TABLE rooms (
		key  INTEGER PRIMARY KEY AUTOINCREMENT,
		name TEXT NOT NULL UNIQUE,
		base INTEGER NOT NULL,            -- ids are above it
		last INTEGER NOT NULL,            -- no older than the newest id whose message is deleted or was not stored
		lost INTEGER NOT NULL             -- the newest id that may have been given to a message not stored
	);
	CREATE TABLE messages (
		key    INTEGER PRIMARY KEY AUTOINCREMENT,
		room   INTEGER NOT NULL,          -- rooms.key
		id     INTEGER NOT NULL,
		at     INTEGER NOT NULL,          -- milliseconds since 1970
		nick   TEXT NOT NULL,
		via    TEXT NOT NULL,
		action INTEGER NOT NULL,
		text   TEXT NOT NULL
	);
	CREATE UNIQUE INDEX messages_id ON messages (room, id);
	CREATE TABLE keys (                   -- what clients name their messages with
		room INTEGER NOT NULL,
		key  TEXT NOT NULL,
		id   INTEGER NOT NULL,
		at   INTEGER NOT NULL,
		gone INTEGER NOT NULL,            -- whether its message is deleted
		PRIMARY KEY (room, key)
	) WITHOUT ROWID;
	CREATE UNIQUE INDEX keys_id ON keys (room, id);
	CREATE INDEX keys_gone ON keys (at) WHERE gone;
	CREATE TABLE jumps (                  -- runs of ids of which nobody knows whether they were given
		room  INTEGER NOT NULL,
		first INTEGER NOT NULL,
		last  INTEGER NOT NULL,
		PRIMARY KEY (room, first)
	) WITHOUT ROWID;
	INSERT INTO rooms (key, name, base, last, lost)
		SELECT number, name, base,
			max(last, coalesce((SELECT base + (max(place) & (1 << 49) - 1) FROM old_messages
				WHERE place BETWEEN number << 49 AND (number + 1 << 49) - 1), 0)),
			coalesce((SELECT max(holes.last) FROM holes WHERE room = number), 0)
		FROM old_rooms WHERE name IS NOT NULL;
	INSERT INTO messages (room, id, at, nick, via, action, text)
		SELECT number, base + (place & (1 << 49) - 1), at, nick, via, action, text
		FROM old_messages JOIN old_rooms ON number = place >> 49
		WHERE name IS NOT NULL ORDER BY place;
	INSERT INTO keys (room, key, id, at, gone)
		SELECT room, key, base + (place & (1 << 49) - 1), at,
			NOT EXISTS (SELECT 1 FROM old_messages WHERE old_messages.place = old_keys.place)
		FROM old_keys JOIN old_rooms ON number = room WHERE name IS NOT NULL;
	INSERT INTO jumps (room, first, last)
		SELECT room, first, holes.last FROM holes JOIN old_rooms ON number = room
		WHERE name IS NOT NULL AND NOT sure;
	REPLACE INTO meta VALUES ('floor', (SELECT coalesce(max(value), 0) FROM
		(SELECT value FROM meta WHERE name = 'floor' UNION ALL SELECT max(last) FROM old_rooms)));
	REPLACE INTO meta VALUES ('indexed', 0); -- words has all messages up to this key
	DROP TABLE old_rooms;
	DROP TABLE old_messages;
	DROP TABLE old_keys;
	DROP TABLE holes;
	` + createWords,
	// The ids up to sparse were counted in several rooms together.
	`ALTER TABLE rooms ADD COLUMN sparse INTEGER NOT NULL DEFAULT 0`,
}

// createWords creates the search index, which has the terms of each message by its key.
const createWords = `CREATE VIRTUAL TABLE words USING fts5
	(text, content='', contentless_delete=1, tokenize="ascii tokenchars '_'")`

// migrate applies the steps that the file lacks, each in a transaction.
func migrate(db *sql.Conn, steps []string) error {
	ctx := context.Background()
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	for ; version < len(steps); version++ {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, err = tx.Exec(steps[version] + fmt.Sprintf(";PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version+1))
		if err != nil {
			tx.Rollback()
			return err
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
