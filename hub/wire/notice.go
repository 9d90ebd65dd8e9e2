package wire

import "strconv"

// Code names an error in the JSON format.
type Code string

// The codes of errors.
const (
	CodeLineTooLong    Code = "line_too_long"
	CodeNotUTF8        Code = "not_utf8"
	CodeBadJSON        Code = "bad_json"
	CodeBadRequest     Code = "bad_request"
	CodeUnknownType    Code = "unknown_type"
	CodeUnknownCommand Code = "unknown_command" // in text, where no code is shown
	CodeNickTaken      Code = "nick_taken"
	CodeNickInvalid    Code = "nick_invalid"
	CodeRoomInvalid    Code = "room_invalid"
	CodeNoSuchNick     Code = "no_such_nick"
	CodeUnavailable    Code = "unavailable"
)

// Refusal is told to one member alone whose request could not be met. It is an error,
// so that whoever finds the reason can return it.
type Refusal struct {
	Ref, Key string
	Code     Code
	Message  string
}

func (e *Refusal) Error() string { return e.Message }

func (e *Refusal) AppendText(dst []byte) []byte {
	return append(append(dst, "! "...), e.Message...)
}

func (e *Refusal) AppendJSON(dst []byte) []byte {
	dst = openObject(dst, "error")
	dst = appendOptional(dst, "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	dst = appendString(dst, "code", string(e.Code))
	dst = appendString(dst, "message", e.Message)
	return append(dst, '}')
}

// The codes of notices.
const (
	NoticePaced    Code = "paced"    // its reader is read more slowly
	NoticeUnstored Code = "unstored" // messages from here on, or one's own, are not in history
	NoticeStored   Code = "stored"   // messages from here on are again
)

// Notice tells a member something about its connection, or a room about its history.
type Notice struct {
	Code    Code
	Message string

	// Where it stands for the Ack of a message; told in JSON alone.
	Ref, Key string
	ID       int64
}

func (e *Notice) AppendText(dst []byte) []byte {
	if e.ID != 0 {
		return dst
	}
	return Marker(e.Message).AppendText(dst)
}

func (e *Notice) AppendJSON(dst []byte) []byte {
	dst = appendOptional(openObject(dst, "notice"), "ref", e.Ref)
	dst = appendOptional(dst, "key", e.Key)
	if e.ID != 0 {
		dst = appendInt(dst, "id", e.ID)
	}
	dst = appendString(dst, "code", string(e.Code))
	dst = appendString(dst, "message", e.Message)
	return append(dst, '}')
}

// Gap tells a member that it missed messages.
type Gap struct {
	After  int64 // the last id before the gap
	Before int64 // the first id after it; 0 where there is none yet
	Missed int64 // messages between; -1 where nobody can tell
	Lost   bool  // history no longer has them all
}

func (e *Gap) AppendText(dst []byte) []byte {
	dst = append(dst, "-- "...)
	if e.Missed == 0 {
		return append(dst, "arrivals and departures missed; /who lists who is here --"...)
	}
	if e.Missed > 0 {
		dst = append(strconv.AppendInt(dst, e.Missed, 10), ' ')
	}
	dst = append(dst, "messages missed"...)
	if e.Lost {
		return append(dst, ", and history no longer has them --"...)
	}
	dst = strconv.AppendInt(append(dst, "; /since "...), e.After, 10)
	return append(dst, " shows them --"...)
}

func (e *Gap) AppendJSON(dst []byte) []byte {
	dst = appendInt(openObject(dst, "gap"), "after", e.After)
	if e.Before != 0 {
		dst = appendInt(dst, "before", e.Before)
	}
	if e.Missed >= 0 {
		dst = appendInt(dst, "missed", e.Missed)
	}
	dst = appendBool(dst, "lost", e.Lost)
	return append(dst, '}')
}

// Marker is a line of text around replayed messages.
type Marker string

func (e Marker) AppendText(dst []byte) []byte {
	return append(append(append(dst, "-- "...), e...), " --"...)
}

func (e Marker) AppendJSON(dst []byte) []byte { return dst }

// Bye is the last thing that a member is told before the server ends its connection.
type Bye struct {
	Reason    string // "quit", "shutdown", …
	Text      string // the reason for people
	Reconnect bool   // whether coming back makes sense
	AfterMS   int64  // milliseconds to wait before that
}

func (e *Bye) AppendText(dst []byte) []byte {
	dst = append(append(dst, "-- goodbye: "...), e.Text...)
	return append(dst, " (Ctrl-C ends netcat) --"...)
}

func (e *Bye) AppendJSON(dst []byte) []byte {
	dst = appendString(openObject(dst, "bye"), "reason", e.Reason)
	dst = appendBool(dst, "reconnect", e.Reconnect)
	dst = appendInt(dst, "after_ms", e.AfterMS)
	return append(dst, '}')
}
