package screen

import (
	"partyline/client"
	"partyline/cmd/partyline/internal/editor"
	"partyline/cmd/partyline/internal/transcript"
)

// A view is what the user can switch to: a room, a private conversation, or the results of a search.
type view struct {
	room     *room    // of a room, and of the results of a search in it
	peer     string   // of a private conversation: the name of the other one
	sighting          // of the peer
	results  *results // of a search
	log      *transcript.View
	line     editor.Line // what the user types here
	loading  bool        // messages of the history were asked for

	// For a terminal that keeps what is printed.
	printer   *transcript.Printer // nil if the log is drawn
	unprinted []printable
	skipped   int  // lines that were dropped from unprinted
	ready     bool // the first messages of the history are in unprinted
	shown     bool // the user sees the view
}

// title returns the name of a view.
func (v *view) title() string {
	switch {
	case v.results != nil:
		return "search " + v.results.words
	case v.peer != "":
		return v.peer
	}
	return "#" + v.room.name
}

// isRoom reports whether a view is that of a room.
func (v *view) isRoom() bool { return v.room != nil && v.results == nil }

// add adds an event to the log.
func (v *view) add(e client.Event) {
	v.log.Add(e)
	v.print(printable{event: e})
}

// tell adds a line of the program to the log. The text may have several lines.
func (v *view) tell(kind transcript.LineKind, text string) {
	v.log.AddLine(kind, text)
	v.print(printable{kind: kind, text: text})
}
