package transcript

import (
	"fmt"
	"strings"
	"time"
)

// A context is what the look of an entry depends on besides itself.
type context struct {
	look      int  // changes with the width, the style and the reader's name
	continued bool // the entry before it has the same author
	newDay    bool // the entry is the first one of its day
	sameTime  bool // the entry before it has the same time, to the minute
	firstNew  bool // the unread separator is before it
	chosen    bool // the reader jumped to it
	pending   bool // the server has not acknowledged it
}

// A renderer makes lines of entries.
type renderer struct {
	layout layout
	colors *palette
	zone   *time.Location
	now    func() time.Time
	kind   Kind
	words  string // that were searched
	state
	cells []cell // scratch
	w     writer
}

// lines returns the lines of an entry.
func (r *renderer) lines(e *entry, ctx context) (lines []string) {
	if ctx.newDay {
		lines = append(lines, r.separator("─", r.day(e.at), r.colors.muted, r.colors.rule))
	}
	if ctx.firstNew {
		lines = append(lines, r.separator("─", "new", r.colors.accent, r.colors.accent))
	}
	if e.kind == gap {
		return append(lines, r.separator("┄", missing(e), r.colors.muted, r.colors.rule))
	}
	lead := r.head(e, ctx)
	if lead > r.layout.limit {
		lines, lead = append(lines, r.w.line()), 0
	}
	style := r.style(e, ctx)
	text, layers := r.text(e, ctx)
	offset := 0 // of the line in the text
	for {
		line, rest, more := strings.Cut(text, "\n")
		r.cells = appendCells(r.cells[:0], line, r.colors.style.Method, r.layout.limit)
		for i := range r.cells {
			r.cells[i].at += offset
		}
		for i := range layers {
			l := &layers[i]
			for len(l.spans) > 0 && l.spans[0].end <= offset {
				l.spans = l.spans[1:]
			}
			paint(r.cells, l.spans, l.glue)
		}
		for i, wrapped := range wrap(r.cells, lead, r.layout.limit) {
			if i > 0 || offset > 0 {
				r.w.pad(r.layout.text)
			}
			r.w.cells(wrapped, style)
			lines = append(lines, r.w.line())
		}
		if !more {
			return lines
		}
		offset += len(line) + 1
		text, lead = rest, 0
	}
}

// head writes what is before the first line of the text, and returns how many cells of that line it takes, or more
// than the line has if the text is to begin on the next one.
func (r *renderer) head(e *entry, ctx context) (lead int) {
	m := r.colors.style.Method
	name, style := r.name(e, ctx)
	sign, signStyle := r.sign(e, ctx)
	if !r.layout.columns {
		if ctx.continued {
			if r.layout.text > 0 {
				r.w.write(r.fit("·", "-"), r.colors.muted)
				r.w.pad(r.layout.text - 1)
			}
			return 0
		}
		most, colon := r.layout.width/2, ""
		if e.kind == said || e.kind == whisper {
			colon = ":"
		}
		if r.layout.tiny {
			most = r.layout.width - len(colon)
		}
		name, width := shorten(name, most, m)
		r.w.write(name, style)
		if strings.ContainsFunc(name, rightToLeft) {
			r.w.write("\u200e", style)
		}
		r.w.write(colon, "")
		if r.layout.tiny {
			return r.layout.width + 1
		}
		r.w.write(" ", "")
		return width + len(colon) + 1 - r.layout.text
	}
	r.clock(e, ctx)
	name, width := shorten(name, r.layout.name, m)
	r.w.pad(r.layout.name - width)
	r.w.write(name, style)
	if strings.ContainsFunc(name, rightToLeft) {
		r.w.write("\u200e", style) // the direction of the name ends here
	}
	r.w.write(" ", "")
	r.w.write(sign, signStyle)
	r.w.write(" ", "")
	return 0
}

// clock writes the time. It is hard to see if the line above has the same.
func (r *renderer) clock(e *entry, ctx context) {
	style := r.colors.muted
	if ctx.sameTime {
		style = r.colors.rule
	}
	clock := ""
	if !e.at.IsZero() {
		clock = e.at.In(r.zone).Format("15:04")
	}
	r.w.write(clock, style)
	r.w.pad(timeWidth + 1 - len(clock))
}

// name returns what stands before the text: the name of the author, or the sign of another kind of entry,
// which no name and no text can imitate.
func (r *renderer) name(e *entry, ctx context) (string, sgr) {
	switch e.kind {
	case action:
		return "~", r.colors.name(e.from)
	case presence:
		return "*", r.colors.muted
	case notice:
		return "--", r.colors.warning
	case answer:
		return "=", r.colors.muted
	case refusal:
		return "!", r.colors.failure
	}
	if ctx.continued {
		return "", ""
	}
	name := safeLine(e.from)
	if e.kind == whisper && r.kind != Conversation {
		if e.own {
			return "you → " + safeLine(e.to), r.colors.name(e.to)
		}
		name += " → you"
	}
	return name, r.colors.name(e.from)
}

// sign returns the sign between the name and the text.
func (r *renderer) sign(e *entry, ctx context) (string, sgr) {
	bar := r.fit("▎", "|")
	switch {
	case ctx.chosen:
		return bar, r.colors.accent
	case e.mention && e.kind != whisper:
		return bar, r.colors.warning
	case e.kind == whisper && r.kind != Conversation:
		return bar, r.colors.accent
	}
	return " ", ""
}

func (r *renderer) style(e *entry, ctx context) sgr {
	style := sgr("")
	switch e.kind {
	case action:
		style = italic
	case presence:
		style = r.colors.muted
	case notice:
		style = r.colors.warning
	case refusal:
		style = r.colors.failure
	}
	if ctx.pending {
		style = r.colors.muted
	}
	if ctx.chosen {
		style = style.and(r.colors.choice)
	}
	return style
}

// A layer is spans that may overlap those of other layers.
type layer struct {
	spans []span
	glue  bool
}

// text returns the text of an entry, which may have several lines, and the styles of its parts.
func (r *renderer) text(e *entry, ctx context) (string, []layer) {
	if e.crowd != nil {
		return safeLine(e.crowd.sentence()), nil
	}
	text := safe(e.text)
	var layers []layer
	if e.kind == action {
		name := safeLine(e.from)
		text = name + " " + text
		layers = append(layers, layer{spans: []span{{0, len(name), r.colors.name(e.from)}}})
	}
	if spans := links(text, underline); spans != nil {
		layers = append(layers, layer{spans, true})
	}
	if e.mention {
		layers = append(layers, layer{spans: mentions(nil, text, r.own, r.colors.mark)})
	}
	if spans := found(text, r.words, r.colors.mark); spans != nil {
		layers = append(layers, layer{spans: spans})
	}
	for _, add := range []struct {
		shown bool
		text  string
		style sgr
	}{
		{e.unstored, " · not stored", r.colors.warning},
		{ctx.pending && r.broken, " · unsent", r.colors.failure},
	} {
		if add.shown {
			layers = append(layers, layer{spans: []span{{len(text), len(text) + len(add.text), add.style}}})
			text += add.text
		}
	}
	return text, layers
}

// separator returns a line of dashes with a label.
func (r *renderer) separator(dash, label string, style, line sgr) string {
	m := r.colors.style.Method
	dash = r.fit(dash, "-")
	width := r.layout.text + r.layout.limit
	label, n := shorten(label, max(width-6, 0), m)
	if n > 0 {
		r.w.write(strings.Repeat(dash, 2), line)
		r.w.write(" "+label+" ", style)
		n += 4
	}
	r.w.write(strings.Repeat(dash, max(width-n, 0)), line)
	return r.w.line()
}

// fit returns a character if it is one cell wide on the terminal, and else another one.
func (r *renderer) fit(character, other string) string {
	if measure(character, r.colors.style.Method) == 1 {
		return character
	}
	return other
}

func (r *renderer) day(at time.Time) string {
	at = at.In(r.zone)
	if at.Year() == r.now().In(r.zone).Year() {
		return at.Format("Monday, 2 January")
	}
	return at.Format("Monday, 2 January 2006")
}

// missing returns what a gap says.
func missing(e *entry) string {
	if e.gap.Missed == 0 {
		return "arrivals and departures missed"
	}
	what := "messages"
	switch {
	case e.gap.Missed == 1:
		what = "1 message"
	case e.gap.Missed > 1:
		what = fmt.Sprintf("%d messages", e.gap.Missed)
	}
	if e.gap.Lost {
		return what + " lost"
	}
	return what + " missed"
}
