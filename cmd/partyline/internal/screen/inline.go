package screen

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"partyline/client"
	"partyline/cmd/partyline/internal/transcript"
)

// A printable is what is printed above the input: an event, or a line of the program.
type printable struct {
	event client.Event // nil for a line
	kind  transcript.LineKind
	text  string
}

// maxUnprinted is how much a view keeps while another one is shown.
const maxUnprinted = 500

// print adds what will be printed when the view is shown.
func (v *view) print(p printable) {
	if v.printer == nil {
		return
	}
	v.unprinted = append(v.unprinted, p)
	if extra := len(v.unprinted) - maxUnprinted; extra > 0 && !v.shown {
		v.unprinted = slices.Delete(v.unprinted, 0, extra)
		v.skipped += extra
	}
}

// printFirst adds messages before everything that will be printed.
func (v *view) printFirst(messages []*client.Message) {
	if v.printer == nil || v.ready {
		return
	}
	v.ready = true
	first := make([]printable, 0, len(messages)+len(v.unprinted))
	for _, m := range messages[max(len(messages)-defaultLast, 0):] {
		first = append(first, printable{event: m})
	}
	v.unprinted = append(first, v.unprinted...)
}

// printed says that the lines given to the terminal are on the screen.
type printed struct{}

// printLines prints what the view that is shown has to print, some lines at a time. The next ones follow when
// these are on the screen, so that they stay in order.
func (m *model) printLines() tea.Cmd {
	v := m.view()
	if m.printing || v.printer == nil || !v.ready || len(v.unprinted) == 0 {
		return nil
	}
	var lines []string
	if m.printedIn != v && m.printedIn != nil {
		lines = append(lines, v.printer.Line(transcript.Notice, v.title(), m.width)...)
	}
	m.printedIn = v
	if v.skipped > 0 {
		text := fmt.Sprintf("%s not printed: /history shows them", plural(v.skipped, "earlier line"))
		lines = append(lines, v.printer.Line(transcript.Notice, text, m.width)...)
		v.skipped = 0
	}
	most := max(m.height-m.frame-1, 1) // more would scroll the input away
	n := 0
	for ; n < len(v.unprinted) && len(lines) < most; n++ {
		if p := v.unprinted[n]; p.event != nil {
			lines = append(lines, v.printer.Event(p.event, m.width)...)
		} else {
			lines = append(lines, v.printer.Line(p.kind, p.text, m.width)...)
		}
	}
	v.unprinted = v.unprinted[n:]
	if len(lines) == 0 {
		return nil
	}
	m.printing = true
	var parts []tea.Cmd
	for len(lines) > 0 {
		k := min(most, len(lines))
		parts = append(parts, tea.Println(strings.Join(lines[:k], "\n")))
		lines = lines[k:]
	}
	return tea.Sequence(append(parts, func() tea.Msg { return printed{} })...)
}
