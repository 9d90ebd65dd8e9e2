package transcript

import (
	"fmt"
	"strings"
	"time"
)

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
	if r.colors.style.Method.StringWidth(character) == 1 {
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
