package transcript

import (
	"time"

	"partyline/client"
)

// Options configure a View or a Printer. The zero value is a room that nobody has read.
type Options struct {
	Kind  Kind
	Nick  string // the reader's name; a Welcome and a Renamed change it
	Read  int64  // the newest message that the reader has read; 0 if that is not known, negative if there is none
	Words string // that were searched, to highlight them
	Style Style
	Zone  *time.Location   // of the times; nil for the local one
	Now   func() time.Time // for events without a time; nil for time.Now
}

// A Kind says what a View shows.
type Kind uint8

// The kinds of views.
const (
	Room         Kind = iota // older messages are in the server's history
	Conversation             // private messages with one member
	Results                  // messages that a search found
)

// maxEntries is about how many entries a View keeps. More than that are dropped far away from what is shown; of
// a room, Wants asks for them again when the reader comes near.
const maxEntries = 10_000

// A View is what one view shows, and the reader's position in it.
type View struct {
	render renderer
	look   int // of context

	entries []*entry
	pending []*entry // messages without an ack, after the entries
	newest  int64    // id of the newest message; 0 if there is none
	older   bool     // history may have messages before the first entry

	position
	unread
}

// New returns an empty View at its end.
func New(o Options) *View {
	v := &View{render: newRenderer(o), older: o.Kind == Room, look: 1}
	v.follow = true
	v.read, v.absence.after = o.Read, o.Read
	v.resize(80, 24) // until Lines tells the size
	return v
}

func newRenderer(o Options) renderer {
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return renderer{
		colors: newPalette(o.Style), zone: o.Zone, now: o.Now,
		kind: o.Kind, words: o.Words, state: state{own: o.Nick},
	}
}

// SetStyle changes how the lines look.
func (v *View) SetStyle(s Style) {
	v.render.colors = newPalette(s)
	v.look++
}

// Add adds an event at the end. The event must not change any more.
func (v *View) Add(event client.Event) {
	before := v.render.state
	e := v.render.entry(event)
	if v.render.state != before {
		v.look++
	}
	if w, ok := event.(*client.Welcome); ok {
		v.connected(w.Last)
		if v.newest > w.Last {
			v.newest = 0
		}
	}
	if e == nil || v.fold(event, e) {
		return
	}
	if e.id != 0 {
		v.endGaps(e.id)
		v.newest = e.id
	}
	v.append(e)
	v.settle(e)
	v.count(e)
}

// fold adds an event to the last entry if both are shown as one. e is the entry for the event alone.
func (v *View) fold(event client.Event, e *entry) bool {
	const span = time.Hour // that one sentence may cover
	if len(v.entries) == 0 {
		return false
	}
	last := v.entries[len(v.entries)-1]
	switch {
	case last.outage && e.outage:
		last.text = e.text
	case last.changes != nil && e.changes != nil && !last.changes.full() && e.at.Sub(last.at) < span && sameDay(last.at, e.at, v.render.zone):
		last.changes.add(event)
	default:
		return false
	}
	last.lines = nil
	return true
}

// A LineKind says how a line of the program looks.
type LineKind uint8

// The kinds of lines.
const (
	Answer  LineKind = iota // "= …": the answer to a command
	Notice                  // "-- …": what the reader should know
	Failure                 // "! …": an error
)

// AddLine adds a line of the program at the end. The text may have several lines.
func (v *View) AddLine(kind LineKind, text string) {
	v.append(lineEntry(kind, text, v.render.now()))
}

func lineEntry(k LineKind, text string, now time.Time) *entry {
	return &entry{kind: [...]kind{answer, notice, refusal}[k], at: now, text: text}
}

func (v *View) append(e *entry) {
	v.entries = append(v.entries, e)
	v.bound()
}

// Newest returns the id of the newest message, or 0 if there is none.
func (v *View) Newest() int64 { return v.newest }

// oldest returns the id of the oldest message, or 0.
func (v *View) oldest() int64 {
	for _, e := range v.entries {
		if e.id != 0 {
			return e.id
		}
	}
	return 0
}
