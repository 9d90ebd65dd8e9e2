package wire

import "time"

// Joined says that a member joined a room.
type Joined struct {
	At              time.Time
	Room, Nick, Via string
}

// AppendText appends "* nick has arrived".
func (e *Joined) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	return append(dst, " has arrived"...)
}

// AppendJSON appends an object of type join.
func (e *Joined) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "join", e.At, e.Room, e.Nick)
	dst = appendString(dst, "via", e.Via)
	return append(dst, '}')
}

// Left says that a member left a room.
type Left struct {
	At         time.Time
	Room, Nick string
	Text       string // the parting message, one line; may be ""
}

// AppendText appends "* nick has left (text)".
func (e *Left) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	dst = append(dst, " has left"...)
	if e.Text != "" {
		dst = append(append(dst, " ("...), e.Text...)
		dst = append(dst, ')')
	}
	return dst
}

// AppendJSON appends an object of type leave.
func (e *Left) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "leave", e.At, e.Room, e.Nick)
	dst = appendOptional(dst, "text", e.Text)
	return append(dst, '}')
}

// Renamed says that a member changed its nickname.
type Renamed struct {
	At             time.Time
	Room, Nick, To string // Nick is the old name, To the new one
}

// AppendText appends "* nick is now known as to".
func (e *Renamed) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* "...), e.Nick...)
	return append(append(dst, " is now known as "...), e.To...)
}

// AppendJSON appends an object of type nick.
func (e *Renamed) AppendJSON(dst []byte) []byte {
	dst = openPresence(dst, "nick", e.At, e.Room, e.Nick)
	dst = appendString(dst, "to", e.To)
	return append(dst, '}')
}

// Presence is a presence batch: the joins and leaves of one second in a large room.
type Presence struct {
	At            time.Time
	Room          string
	Arrived, Left int
	Count         int // members after them
}

// AppendText appends "* 42 arrived, 17 left (1203 here)".
func (e *Presence) AppendText(dst []byte) []byte {
	dst = appendCount(append(dst, "* "...), e.Arrived)
	dst = appendCount(append(dst, " arrived, "...), e.Left)
	dst = appendCount(append(dst, " left ("...), e.Count)
	return append(dst, " here)"...)
}

// AppendJSON appends an object of type presence.
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
