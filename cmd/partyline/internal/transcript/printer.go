package transcript

import "partyline/client"

// A Printer makes lines of events, one after the other, for a terminal that keeps what is printed.
type Printer struct {
	render renderer
	before *entry // the last one that was printed
}

// NewPrinter returns a Printer. The options Kind, Nick, Words, Style, Zone and Now mean what they mean for a View.
func NewPrinter(o Options) *Printer { return &Printer{render: newRenderer(o)} }

// SetStyle changes how the lines look.
func (p *Printer) SetStyle(s Style) { p.render.colors = newPalette(s) }

// Event returns the lines of an event, which are at most width cells wide. Some events have none.
func (p *Printer) Event(event client.Event, width int) []string {
	return p.print(p.render.entry(event), width)
}

// Line returns the lines of a line of the program.
func (p *Printer) Line(kind LineKind, text string, width int) []string {
	return p.print(lineEntry(kind, text, p.render.now()), width)
}

func (p *Printer) print(e *entry, width int) []string {
	if e == nil {
		return nil
	}
	ctx := context{newDay: true}
	if p.before != nil {
		ctx = after(p.before, e, p.render.zone)
	}
	p.before = e
	p.render.layout = newLayout(width)
	return p.render.lines(e, ctx)
}
