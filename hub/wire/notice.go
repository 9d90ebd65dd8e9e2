package wire

import "strconv"

// The codes of notices.
const (
	NoticePaced    Code = "paced"    // the server reads this member's lines more slowly
	NoticeUnstored Code = "unstored" // messages after this, or the one with the ID, are not stored
	NoticeStored   Code = "stored"   // messages after this are stored again
)

// A Notice tells a member about its connection, or a room about its history.
type Notice struct {
	Code    Code
	Message string

	// A Notice with an ID acknowledges a message like an Ack. Only JSON has it.
	Ref, Key string
	ID       int64
}

// AppendText appends "-- message --", or nothing if e has an ID.
func (e *Notice) AppendText(dst []byte) []byte {
	if e.ID != 0 {
		return dst
	}
	return Marker(e.Message).AppendText(dst)
}

// AppendJSON appends an object of type notice.
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

// A Gap is a gap notice: it tells a member that it missed messages of its room.
type Gap struct {
	After  int64 // the last id before the gap
	Before int64 // the first id after the gap; 0 if there is none yet
	Missed int64 // messages in the gap; -1 if unknown, 0 if it missed only joins and leaves
	Lost   bool  // history no longer has all of them
}

// AppendText appends "-- 57 messages missed; /since 1042 shows them --", or a line that says
// that they are lost or that only joins and leaves are missing.
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

// AppendJSON appends an object of type gap.
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

// A Marker is a line before or after replayed messages. Only text has it.
type Marker string

// AppendText appends "-- marker --".
func (e Marker) AppendText(dst []byte) []byte {
	return append(append(append(dst, "-- "...), e...), " --"...)
}

// AppendJSON appends nothing.
func (e Marker) AppendJSON(dst []byte) []byte { return dst }

// A Ping shows clients that the connection is alive.
type Ping struct {
	Idle bool // nothing else was sent for a while; only such a Ping is sent in JSON
}

// AppendText appends nothing.
func (Ping) AppendText(dst []byte) []byte { return dst }

// AppendJSON appends an object of type ping if e is idle.
func (e Ping) AppendJSON(dst []byte) []byte {
	if !e.Idle {
		return dst
	}
	return append(openObject(dst, "ping"), '}')
}

// Bye is the last event before the server closes a connection.
type Bye struct {
	Reason    string // for programs: "quit", "shutdown", …
	Text      string // the reason for people
	Reconnect bool   // whether the client should reconnect
	AfterMS   int64  // milliseconds to wait before reconnecting
}

// AppendText appends "-- goodbye: text --".
func (e *Bye) AppendText(dst []byte) []byte {
	return append(append(append(dst, "-- goodbye: "...), e.Text...), " --"...)
}

// AppendJSON appends an object of type bye.
func (e *Bye) AppendJSON(dst []byte) []byte {
	dst = appendString(openObject(dst, "bye"), "reason", e.Reason)
	dst = appendBool(dst, "reconnect", e.Reconnect)
	dst = appendInt(dst, "after_ms", e.AfterMS)
	return append(dst, '}')
}
