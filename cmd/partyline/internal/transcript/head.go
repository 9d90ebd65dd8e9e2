package transcript

import "strings"

// head writes what is before the first line of the text, and returns how many cells of that line it takes, or more
// than the line has if the text is to begin on the next one.
func (r *renderer) head(e *entry, ctx context) (lead int) {
	if !r.layout.columns {
		return r.label(e, ctx)
	}
	r.clock(e, ctx)
	name, style := r.name(e, ctx)
	name, width := shorten(name, r.layout.name, r.colors.style.Method)
	r.w.pad(r.layout.name - width)
	r.isolate(name, style)
	sign, style := r.sign(e, ctx)
	r.w.write(" ", "")
	r.w.write(sign, style)
	r.w.write(" ", "")
	return 0
}

// label is head for a line without columns.
func (r *renderer) label(e *entry, ctx context) (lead int) {
	if ctx.continued {
		if !r.layout.tiny {
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
	name, style := r.name(e, ctx)
	name, width := shorten(name, most, r.colors.style.Method)
	r.isolate(name, style)
	r.w.write(colon, "")
	if r.layout.tiny {
		return r.layout.width + 1
	}
	r.w.write(" ", "")
	return width + len(colon) + 1 - r.layout.text
}

// isolate writes a name so that it does not change the direction of what follows it.
func (r *renderer) isolate(name string, style sgr) {
	const leftToRightMark = "\u200e"
	r.w.write(name, style)
	if strings.ContainsFunc(name, rightToLeft) {
		r.w.write(leftToRightMark, style)
	}
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
