package transcript

import (
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

// style returns the style of the text.
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
	if e.changes != nil {
		return safeLine(e.changes.sentence()), nil
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
		{ctx.pending && (r.broken || r.held), " · unsent", r.colors.failure},
	} {
		if add.shown {
			layers = append(layers, layer{spans: []span{{len(text), len(text) + len(add.text), add.style}}})
			text += add.text
		}
	}
	return text, layers
}
