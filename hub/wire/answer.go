package wire

// MaxNamed is the largest number of members that a welcome in text names.
const MaxNamed = 20

// An Occupant is a member of a room, as other members see it.
type Occupant struct {
	Nick, Via string
	Idle      int64 // whole seconds since it last sent a line, or joined
}

// Welcome is the first event that a member of a room gets.
type Welcome struct {
	Ref       string // of the join or the resume
	Room      string
	Nick      string     // the member's own name
	Token     string     // with which the member resumes; only JSON has it
	Resumed   bool       // the answer to a resume whose token is valid
	Occupants []Occupant // includes the member; the first ones if the room is large
	Count     int        // all members of the room
	Last      int64      // the newest id of the room; later messages have greater ids
	Version   string     // of the server
	MaxBytes  int        // of a request in JSON
	MaxTexts  int        // of a request, at most the constant MaxTexts
}

// AppendText appends a line with the member's name, the room and the names of up to MaxNamed
// members.
func (e *Welcome) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* You are "...), e.Nick...)
	dst = append(append(dst, " in #"...), e.Room...)
	dst = append(dst, ", "...)
	if e.Count == 1 {
		dst = append(dst, "alone"...)
	} else {
		dst = e.appendNames(append(dst, "with "...))
	}
	dst = appendCount(append(dst, " ("...), e.Count)
	return append(dst, " here). /help lists the commands."...)
}

// appendNames appends the names of the other members. If the room has more than MaxNamed
// members, it appends two names and the number of the others.
func (e *Welcome) appendNames(dst []byte) []byte {
	named, others := e.Count-1, 0
	if e.Count > MaxNamed {
		named, others = 2, e.Count-3
	}
	i := 0
	for _, o := range e.Occupants {
		if o.Nick == e.Nick || i == named {
			continue
		}
		switch {
		case i == 0:
		case i == named-1 && others == 0:
			dst = append(dst, " and "...)
		default:
			dst = append(dst, ", "...)
		}
		dst = append(dst, o.Nick...)
		i++
	}
	if others > 0 {
		dst = append(appendCount(append(dst, " and "...), others), " others"...)
	}
	return dst
}

// AppendJSON appends an object of type welcome.
func (e *Welcome) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "welcome")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendString(dst, "room", e.Room)
	dst = appendString(dst, "nick", e.Nick)
	dst = appendOptional(dst, "token", e.Token)
	if e.Resumed {
		dst = appendBool(dst, "resumed", true)
	}
	dst = appendOccupants(dst, e.Occupants, e.Count)
	dst = appendInt(dst, "last", e.Last)
	dst = append(appendName(dst, "server"), `{`...)
	dst = appendString(dst, "name", "partyline")
	dst = appendString(dst, "version", e.Version)
	dst = appendInt(dst, "bytes", int64(e.MaxBytes))
	dst = appendInt(dst, "texts", int64(e.MaxTexts))
	return append(dst, '}', '}')
}

// WhoAnswer lists the members of a room.
type WhoAnswer struct {
	Ref       string
	Occupants []Occupant // the first ones if the room is large
	Count     int        // all members of the room
}

// AppendText appends "= alice, bob and 7 others".
func (e *WhoAnswer) AppendText(dst []byte) []byte {
	dst = append(dst, "= "...)
	for i, o := range e.Occupants {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(dst, o.Nick...)
	}
	return appendOthers(dst, e.Count-len(e.Occupants))
}

// AppendJSON appends an object of type who.
func (e *WhoAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "who")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOccupants(dst, e.Occupants, e.Count)
	return append(dst, '}')
}

// A RoomCount is a room with the number of its members.
type RoomCount struct {
	Room  string
	Count int
}

// RoomsAnswer lists the rooms that have members.
type RoomsAnswer struct {
	Ref    string
	Rooms  []RoomCount // the fullest first
	Others int         // rooms that are not in Rooms
}

// AppendText appends "= ops (3), lobby (1) and 12 others".
func (e *RoomsAnswer) AppendText(dst []byte) []byte {
	dst = append(dst, "= "...)
	for i, r := range e.Rooms {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(dst, r.Room...), " ("...)
		dst = append(appendCount(dst, r.Count), ')')
	}
	return appendOthers(dst, e.Others)
}

// AppendJSON appends an object of type rooms.
func (e *RoomsAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "rooms")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "rooms"), '[')
	for i, r := range e.Rooms {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, '{'), "room", r.Room)
		dst = append(appendInt(dst, "count", int64(r.Count)), '}')
	}
	return append(dst, ']', '}')
}

// An Ack says that a request succeeded. The Ack of a message says that the room has the
// message. Only JSON has Acks.
type Ack struct {
	Ref, Key string // of the request
	ID       int64  // of the message; 0 if the request was not a message
}

// AppendText appends nothing.
func (e *Ack) AppendText(dst []byte) []byte { return dst }

// AppendJSON appends an object of type ack.
func (e *Ack) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "ack")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	if e.ID != 0 {
		dst = appendInt(dst, "id", e.ID)
	}
	return append(dst, '}')
}

// An Answer is an answer that only text has, such as that to /help.
type Answer struct{ Lines []string }

// AppendText appends "= line" for each line.
func (e *Answer) AppendText(dst []byte) []byte {
	for i, line := range e.Lines {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(append(dst, "= "...), line...)
	}
	return dst
}

// AppendJSON appends nothing.
func (e *Answer) AppendJSON(dst []byte) []byte { return dst }

func appendOccupants(dst []byte, occupants []Occupant, count int) []byte {
	dst = append(appendName(dst, "members"), '[')
	for i, o := range occupants {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, '{'), "nick", o.Nick)
		dst = appendString(dst, "via", o.Via)
		if o.Idle != 0 {
			dst = appendInt(dst, "idle", o.Idle)
		}
		dst = append(dst, '}')
	}
	return appendInt(append(dst, ']'), "count", int64(count))
}

// appendOthers appends " and n others" if n is positive.
func appendOthers(dst []byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return append(appendCount(append(dst, " and "...), n), " others"...)
}
