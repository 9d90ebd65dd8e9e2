package hub

// A Journal decides the order of what is said: it gives each message its id and place,
// keeps the newest of them, and hands them back. The hub broadcasts what its journal
// commits, in the order of the commits, and nothing else.
//
// All methods may be called from any goroutine. Messages that a Journal has are
// immutable, for it and for those who read them.
type Journal interface {
	// Append takes m, sets its ID and At, and calls commit exactly once: with nil when
	// m has its place, with an error when it has none. The commits of a room come one
	// at a time, in the order of their ids, perhaps before Append returns and perhaps
	// from another goroutine; commit does not block and does not call the Journal.
	//
	// A key that is not empty and that the room has already makes m a repetition: it
	// gets the first one's ID, is not kept, and commit is told so.
	Append(m *Message, key string, commit func(repeated bool, err error))

	// Last returns the newest id of a room; later messages have greater ones.
	Last(room string) int64

	// After returns the oldest messages of a room with after < id <= upTo, oldest
	// first, at most limit. reach tells whether these are the first ones after the id
	// after, or what else is known of those that are missing.
	After(room string, after, upTo int64, limit int) (found []*Message, reach Reach)

	// Before returns the newest messages of a room with id < before, oldest first, at
	// most limit, and whether older ones are kept.
	Before(room string, before int64, limit int) (found []*Message, more bool)
}

// Reach tells how far a Journal reaches back towards an id.
type Reach struct {
	Missed int64 // messages after the id that are no longer kept; -1 where unknown
}

// Whole reports that nothing after the id is missing.
func (r Reach) Whole() bool { return r.Missed == 0 }
