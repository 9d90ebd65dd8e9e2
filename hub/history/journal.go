package history

import (
	"time"

	"partyline/hub/wire"
)

// A Journal decides the order of what is said: it gives each message its id and place,
// keeps the newest of them, and hands them back. The hub broadcasts what its journal
// commits, in the order of the commits, and nothing else.
//
// All methods may be called from any goroutine. Messages that a Journal has are
// immutable, for it and for those who read them.
type Journal interface {
	// Append takes m, sets its ID and At, and calls commit exactly once, with what became
	// of m. The commits of a room come one at a time, in the order of their ids, perhaps
	// before Append returns and perhaps from another goroutine; commit does not block and
	// does not call the Journal. Append itself does not wait for a disk.
	//
	// A key that is not empty and that the room has already makes m a repetition: it
	// gets the first one's ID and is not kept. A room has a key for KeyLife, and while its
	// message is in history; a Journal may forget the keys of messages that are no longer
	// in history earlier if there are very many.
	Append(m *wire.Message, key string, commit func(Result))

	// Open returns the newest id of a room, and says that the room has members from now on:
	// until Release the Journal does not forget it, whatever else it has to forget. If a room
	// is opened more than once, each Open is ended by a Release of its own. Later messages
	// have greater ids. Open may wait for a disk, and the hub holds no lock meanwhile. It
	// does not fail: a Journal that can't find out the newest id returns one above all that
	// the room ever had.
	Open(room string) (last int64)

	// Release says that a room has no members any more. It waits neither for a disk nor for
	// a commit. A Journal may forget a room without members: then its messages are missing,
	// and its next ids are above all that it had.
	Release(room string)

	// After returns the oldest messages of a room with after < id <= upTo, oldest
	// first, at most limit, and which messages after the id after are missing: up to the
	// last one found, or up to upTo if none is. An error tells that the history can't be
	// read now.
	After(room string, after, upTo int64, limit int) (found []*wire.Message, missing []Missing, err error)

	// Lacks reports whether messages after an id are missing that once had a place. It
	// does not wait for a disk.
	Lacks(room string, after int64) bool

	// Before returns the newest messages of a room with id < before, oldest first, at
	// most limit, and whether older ones are kept.
	Before(room string, before int64, limit int) (found []*wire.Message, more bool, err error)

	// Search returns the newest messages of a room with id < before that match, newest
	// first, at most limit, and whether older ones may match too.
	Search(room string, q *Query, before int64, limit int) (found []*wire.Message, more bool, err error)
}

// A Fate is what became of a message that a Journal was given.
type Result struct {
	Repeated bool  // its key was known: it has the first one's ID, and is not told again
	Unstored bool  // it has its place and is told, but no history will have it
	Err      error // it has no place, and is told to nobody
	More     bool  // a hint: the next commit of its room follows at once
}

// Missing tells of messages that had a place in a room and that its history does not have:
// they were too old, or never stored.
type Missing struct {
	After  int64 // the id before them: one that was asked for, or one that is found
	Before int64 // the id of the next that is found; 0 where there is none
	Count  int64 // how many; -1 where nobody can tell
}

// Retention says how much history a Journal keeps.
type Retention struct {
	Messages int           // of each room
	Age      time.Duration // since they were said; without bound where 0
}
