// Package history stores the messages of rooms.
//
// A [Journal] gives each message its id, and so decides the order of a room. The hub appends
// every message to its Journal and delivers the messages that the Journal commits, in the order
// of the commits. Members that reconnect, ask for older messages or lag too far behind are
// served from the Journal by id. A Journal keeps a bounded number of messages, and may fail to
// store some: a [Page] reports those that are missing as gaps.
//
// Several servers may share the messages of one Journal: then each has an own Journal value, and all
// commit the messages in the same order. See [Hear].
//
// [Memory] is a Journal in memory. Package sqlite has one on disk, and package jetstream one that
// servers share. Their tests are in package hubtest.
package history

import (
	"errors"
	"time"

	"partyline/hub/wire"
)

// A Journal orders and stores the messages of rooms.
//
// All methods may be called from any goroutine. Messages that a Journal has committed or
// returned are immutable.
type Journal interface {
	// Append takes m, sets its ID and At, and calls commit exactly once with the Result. The
	// commits of a room come one at a time in the order of their ids, perhaps before Append
	// returns and perhaps from another goroutine. commit does not block and does not call the
	// Journal. Append itself does not wait for a disk.
	//
	// If key is not empty and the room already has it, m is a repetition: it gets the ID of
	// the first message with that key and is not stored. A room has a key for KeyLife and
	// while its message is in history. A Journal may forget keys of messages that are no
	// longer in history earlier if there are too many.
	Append(m *wire.Message, key string, commit func(Result))

	// Open returns the newest id of a room and notes that the room has members: the Journal
	// does not forget the room until Release. Each Open needs a Release of its own. Later
	// messages have greater ids: those of Append are committed, and hear gets the others. Open
	// may wait for a disk, so the hub calls it without a lock. It does not fail: a Journal that
	// can't read the newest id returns one that is at least as great, and less than those of
	// later messages.
	Open(room string, hear Hear) (last int64)

	// Release ends an Open. It waits neither for a disk nor for a commit, so hear may be called
	// once more. A Journal may forget a room without members. Its messages are then missing, and
	// its next ids are greater than those that it had.
	Release(room string)

	// Read returns the messages that a Range selects, with the gaps between them. It may wait
	// for a disk, unless Limit is 0: then it ignores Before and Newest, and returns one Gap
	// if any message after After is missing, and nothing otherwise. Missed may be -1 in that
	// Gap even if the number is known. An error means that the history can't be read now.
	Read(room string, g Range) (Page, error)
}

// A Hear gets a message of a room that was not appended to this Journal value, but by another server.
// A Journal calls it as it calls commit, and with the commits in the order of the ids. more is
// Result.More. Only a Journal that servers share calls it; it may be nil.
type Hear func(m *wire.Message, more bool)

// A Shared is a Journal that servers share. One of them may have received more messages than another one.
type Shared interface {
	// Await waits, for a few seconds at most, until commit and hear were called for all messages of a room with ids up
	// to id. It returns false if no server has given the id yet. The error says why that can't be known now.
	Await(room string, id int64) (reached bool, err error)
}

// A Searcher is a Journal that can be searched.
type Searcher interface {
	// Search returns the newest messages of a room with id < before that match q, newest
	// first, at most limit, and whether older messages may match too.
	Search(room string, q *Query, before int64, limit int) (found []*wire.Message, more bool, err error)
}

// A Result says what happened to a message that was appended to a Journal.
type Result struct {
	Repeated bool  // its key was known: it has the ID of the first message and is not delivered again
	Unstored bool  // it has an ID and is delivered, but is not in history
	Err      error // it has no ID and is not delivered
	More     bool  // a hint: the next commit of its room follows immediately
}

// The errors of Search, besides those of reading.
var (
	ErrNoSearch = errors.New("there is no search")
	ErrIndexing = errors.New("the messages are not indexed yet")
)

// ErrUnknown is the error of a Result if the message may still get an id, and be heard: nothing has answered.
var ErrUnknown = errors.New("nothing has answered whether the message is stored")

// A Failure says why messages can't be stored now.
type Failure struct {
	Err   error
	Since time.Time
	Hint  string // what the operator can do
}

// Retention bounds the history that a Journal keeps.
type Retention struct {
	Messages int           // the number of messages of each room
	Age      time.Duration // the age of a message; 0 for no limit
}
