package wire

import "time"

// Joined says that somebody has come into a room.
type Joined struct {
	At              time.Time
	Room, Nick, Via string
}

func (e *Joined) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	return append(dst, " has arrived"...)
}

func (e *Joined) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "join", e.At, e.Room, e.Nick)
	dst = appendString(dst, "via", e.Via)
	return append(dst, '}')
}

// Left says that somebody has gone from a room.
type Left struct {
	At         time.Time
	Room, Nick string
	Text       string // a parting word of one line, or ""
}

func (e *Left) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	dst = append(dst, " has left"...)
	if e.Text != "" {
		dst = append(append(dst, " ("...), e.Text...)
		dst = append(dst, ')')
	}
	return dst
}

func (e *Left) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "leave", e.At, e.Room, e.Nick)
	dst = appendOptional(dst, "text", e.Text)
	return append(dst, '}')
}

// Renamed says that somebody goes by another name now.
type Renamed struct {
	At             time.Time
	Room, Nick, To string
}

func (e *Renamed) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	return append(append(dst, " is now known as "...), e.To...)
}

func (e *Renamed) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "nick", e.At, e.Room, e.Nick)
	dst = appendString(dst, "to", e.To)
	return append(dst, '}')
}

// Presence tells the comings and goings of a second together, in a large room.
type Presence struct {
	At                   time.Time
	Room                 string
	Arrived, Left, Count int
}

func (e *Presence) AppendText(dst []byte) []byte {
	dst = appendCount(append(dst, "* "...), e.Arrived)
	dst = appendCount(append(dst, " arrived, "...), e.Left)
	dst = appendCount(append(dst, " left ("...), e.Count)
	return append(dst, " here)"...)
}

func (e *Presence) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "presence")
	dst = appendTime(dst, "at", e.At)
	dst = appendString(dst, "room", e.Room)
	dst = appendInt(dst, "arrived", int64(e.Arrived))
	dst = appendInt(dst, "left", int64(e.Left))
	dst = appendInt(dst, "count", int64(e.Count))
	return append(dst, '}')
}

func openPresence(dst []byte, typ string, at time.Time, room, nick string) []byte {
	dst = openObject(dst, typ)
	dst = appendTime(dst, "at", at)
	dst = appendString(dst, "room", room)
	return appendString(dst, "nick", nick)
}
