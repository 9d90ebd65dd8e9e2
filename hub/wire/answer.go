package wire

import "strconv"

// companyListed is the largest number of members that a welcome in text names.
const MaxNamed = 20

// An Occupant is somebody in a room, as others see them.
type Occupant struct{ Nick, Via string }

// Welcome is the first thing that a member of a room is told there.
type Welcome struct {
	Ref       string
	Room      string
	Nick      string     // the member's own
	Occupants []Occupant // oneself included; of a large room the first, more of them in JSON
	Count     int        // all of them
	Last      int64      // the room's newest id: live messages have greater ones
	Version   string     // of the server
}

func (e *Welcome) AppendText(dst []byte) []byte {
	dst = append(append(dst, "* You are "...), e.Nick...)
	dst = append(append(dst, " in #"...), e.Room...)
	dst = append(dst, ", "...)
	if e.Count == 1 {
		dst = append(dst, "alone"...)
	} else {
		dst = e.appendCompany(append(dst, "with "...))
	}
	dst = appendCount(append(dst, " ("...), e.Count)
	return append(dst, " here). /help lists the commands."...)
}

// appendCompany names everybody else up to 20 people, and two of them above.
func (e *Welcome) appendCompany(dst []byte) []byte {
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

func (e *Welcome) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "welcome")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendString(dst, "room", e.Room)
	dst = appendString(dst, "nick", e.Nick)
	dst = appendOccupants(dst, e.Occupants, e.Count)
	dst = appendInt(dst, "last", e.Last)
	dst = append(appendName(dst, "server"), `{`...)
	dst = appendString(dst, "name", "partyline")
	dst = appendString(dst, "version", e.Version)
	return append(dst, '}', '}')
}

// WhoAnswer says who is in the member's room.
type WhoAnswer struct {
	Ref       string
	Occupants []Occupant
	Count     int
}

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

func (e *WhoAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "who")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOccupants(dst, e.Occupants, e.Count)
	return append(dst, '}')
}

// A RoomCount says how many people a room has.
type RoomCount struct {
	Room  string
	Count int
}

// RoomsAnswer says which rooms have people, the fullest first.
type RoomsAnswer struct {
	Ref    string
	Rooms  []RoomCount
	Others int // rooms that the answer has no place for
}

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

// HistoryAnswer is the JSON answer to a request for stored messages; in text these come
// as events between markers.
type HistoryAnswer struct {
	Ref  string
	Page *Page // oldest first
	More bool  // whether further ones remain in the direction asked for
}

func (e *HistoryAnswer) AppendText(dst []byte) []byte { return dst }

func (e *HistoryAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "history")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "messages"), e.Page.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}

// SearchAnswer has the messages that were searched for.
type SearchAnswer struct {
	Ref  string
	Page *Page // newest first
	More bool  // whether older ones may match too
}

func (e *SearchAnswer) AppendText(dst []byte) []byte {
	if len(e.Page.Fits) == 0 {
		return append(dst, "= no messages"...)
	}
	for i, m := range e.Page.Fits {
		if i > 0 {
			dst = append(dst, '\n')
		}
		mark := "= " + strconv.FormatInt(m.ID, 10) + m.At.UTC().Format(" 2006-01-02 15:04 ")
		dst = appendLines(dst, mark, "", "", string(m.AppendText(nil)))
	}
	if e.More {
		dst = append(dst, "\n= there are older ones: more words find them"...)
	}
	return dst
}

func (e *SearchAnswer) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "search")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = append(appendName(dst, "messages"), e.Page.json...)
	dst = appendBool(dst, "more", e.More)
	return append(dst, '}')
}

// Ack says in JSON that a request was done; for a message, that it has its place.
type Ack struct {
	Ref, Key string
	ID       int64 // of the message; 0 where the request was none
}

func (e *Ack) AppendText(dst []byte) []byte { return dst }

func (e *Ack) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "ack")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	if e.ID != 0 {
		dst = appendInt(dst, "id", e.ID)
	}
	return append(dst, '}')
}

// Answer is the answer to a person's own command, which JSON has no need of.
type Answer struct{ Lines []string }

func (e *Answer) AppendText(dst []byte) []byte {
	for i, line := range e.Lines {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(append(dst, "= "...), line...)
	}
	return dst
}

func (e *Answer) AppendJSON(dst []byte) []byte { return dst }

func appendOccupants(dst []byte, who []Occupant, count int) []byte {
	dst = append(appendName(dst, "members"), '[')
	for i, o := range who {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, '{'), "nick", o.Nick)
		dst = append(appendString(dst, "via", o.Via), '}')
	}
	return appendInt(append(dst, ']'), "count", int64(count))
}

func appendOthers(dst []byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return append(appendCount(append(dst, " and "...), n), " others"...)
}
