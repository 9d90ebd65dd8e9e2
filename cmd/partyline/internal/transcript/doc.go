// Package transcript decides what one view of the chat shows: a room, a private conversation or the results
// of a search.
//
// A [View] takes the events of a client, older messages, and lines of the program itself. [View.Lines] returns
// the lines that fit on the screen at the present position, wrapped and with escape sequences for their style. A
// [Printer] makes the same lines of one event at a time, for a terminal that scrolls by itself.
//
// The lines have no control character and no escape sequence but SGR, whatever was received. Each line ends
// in plain style and is at most as wide as asked for.
//
// The package does no I/O and starts no goroutine. Only one goroutine may use a View or a Printer at a time.
package transcript
