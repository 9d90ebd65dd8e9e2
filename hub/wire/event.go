package wire

// An Event is something that the server sends to a member. A format without an encoding
// for the event appends nothing, and the member does not get the event.
type Event interface {
	// AppendText appends the event as one or more lines of text. LF separates the lines;
	// no LF ends the last one.
	AppendText(dst []byte) []byte
	// AppendJSON appends the event as one JSON object on one line, without a line ending.
	AppendJSON(dst []byte) []byte
}
