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

	// Read returns the messages that a Range selects, with the gaps between them. It may wait
	// for a disk, unless Limit is 0: then it ignores Before and Newest, and returns one Gap
	// if any message after After is missing, and nothing otherwise. Missed may be -1 in that
	// Gap though the number is known. An error says that the history can't be read now.
	Read(room string, g Range) (Page, error)
}

// A Searcher is a Journal that can be searched.
type Searcher interface {
	// Search returns the newest messages of a room with id < before that match, newest
	// first, at most limit, and whether older ones may match too.
	Search(room string, q *Query, before int64, limit int) (found []*wire.Message, more bool, err error)
}

// A Result is what became of a message that a Journal was given.
type Result struct {
	Repeated bool  // its key was known: it has the first one's ID, and is not told again
	Unstored bool  // it has its place and is told, but no history will have it
	Err      error // it has no place, and is told to nobody
	More     bool  // a hint: the next commit of its room follows at once
}

// Retention says how much history a Journal keeps.
type Retention struct {
	Messages int           // of each room
	Age      time.Duration // since they were said; without bound where 0
}
