package doctor

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"partyline/hub/clean"
)

// maxText limits what is printed on one line, in bytes. Much of it comes from the server.
const maxText = 400

// words are the states in the output.
var words = map[State]string{OK: "ok", Note: "note", Wrong: "WRONG", Skipped: "-"}

// Print writes a line for each finding, and then what to do about those that are Wrong or a Note. What
// the server has contributed can't control a terminal.
func Print(w io.Writer, all []Finding) error {
	p := &printer{bufio.NewWriter(w)}
	for _, f := range all {
		p.line("%-6s %-10s %s", words[f.State], f.Check, f.Text)
	}
	n := 0
	for _, f := range all {
		if f.State == Wrong || f.State == Note {
			n++
			p.problem(n, f)
		}
	}
	p.line("")
	p.line("%s", summary(all))
	return p.Flush()
}

type printer struct{ *bufio.Writer }

func (p *printer) line(format string, args ...any) {
	text := clean.Quote(strings.ToValidUTF8(fmt.Sprintf(format, args...), "\uFFFD"), maxText)
	text = clean.Quote(text, maxText) // what replaces a character may be longer
	p.WriteString(strings.TrimRight(text, " ") + "\n")
}

func (p *printer) problem(n int, f Finding) {
	p.line("")
	p.line("%d. %s", n, f.Problem)
	p.line("   Found:   %s.", strings.TrimSuffix(f.Found, "."))
	p.line("   Effect:  %s", f.Effect)
	for _, a := range f.Advice {
		head := a.Where
		if a.For != "" {
			head = strings.TrimSuffix(a.For+", "+a.Where, ", ")
		}
		switch {
		case len(a.Lines) == 0:
			p.line("   Do:      %s.", head)
		case a.For == "":
			p.line("   Do:      %s:", head)
		case a.Or:
			p.line("   Or add:  %s:", head)
		default:
			p.line("   Add:     %s:", head)
		}
		for _, line := range a.Lines {
			p.line("       %s", line)
		}
	}
}

// summary returns the last line of the output.
func summary(all []Finding) string {
	count := make(map[State]int)
	for _, f := range all {
		count[f.State]++
	}
	s := "Nothing is wrong"
	if n := count[Wrong]; n > 0 {
		s = fmt.Sprintf("%d of %d checks found something wrong", n, len(all))
	}
	switch n := count[Skipped]; n {
	case 0:
	case 1:
		s += "; 1 check could not be made"
	default:
		s += fmt.Sprintf("; %d checks could not be made", n)
	}
	return s + "."
}
