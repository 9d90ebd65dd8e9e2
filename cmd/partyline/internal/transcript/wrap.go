package transcript

import "strings"

// wrap divides the cells of a text into lines that are at most width wide; the first one has lead cells less.
// Lines end at white space, which is dropped there, or next to ideographs. A word, or a row of glued cells
// such as an address, is divided if it is longer than a line. There is at least one line. The first line may
// be empty if a word does not fit after the lead.
func wrap(cells []cell, lead, width int) [][]cell {
	var lines [][]cell
	start, end, column := 0, -1, lead // the start of the line, the last place where it may end, its width
	for i := range cells {
		c := &cells[i]
		if c.class == space {
			column += c.width
			continue
		}
		if i > start && !c.glued && mayEnd(cells[i-1].class, c.class) {
			end = i
		}
		for column+c.width > width && (i > start || lead > 0) {
			cut := end
			switch {
			case cut > start:
			case lead > 0:
				cut = start
			default:
				cut = i
			}
			if line := trim(cells[start:cut]); len(line) > 0 || lead > 0 {
				lines = append(lines, line)
			}
			start, end, column, lead = cut, -1, 0, 0
			for _, c := range cells[cut:i] {
				column += c.width
			}
		}
		column += c.width
	}
	if line := trim(cells[start:]); len(line) > 0 || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}

// mayEnd reports whether a line may end between two cells.
func mayEnd(before, after class) bool {
	switch {
	case before == space:
		return true
	case after == closing || before == opening:
		return false
	}
	return before == ideograph || after == ideograph
}

// trim removes the spaces at the end of a line.
func trim(line []cell) []cell {
	for len(line) > 0 && line[len(line)-1].class == space {
		line = line[:len(line)-1]
	}
	return line
}

// A writer builds one line of styled text.
type writer struct {
	b     strings.Builder
	style sgr // of the text at the end
}

// write appends a safe text in a style.
func (w *writer) write(text string, style sgr) {
	if text == "" {
		return
	}
	if style != w.style {
		w.reset()
		if style != "" {
			w.b.WriteString("\x1b[")
			w.b.WriteString(string(style))
			w.b.WriteByte('m')
		}
		w.style = style
	}
	w.b.WriteString(text)
}

// pad appends n spaces.
func (w *writer) pad(n int) {
	const spaces = "                                "
	for ; n > len(spaces); n -= len(spaces) {
		w.write(spaces, "")
	}
	w.write(spaces[:max(n, 0)], "")
}

// cells appends cells in a style, each with its own style.
func (w *writer) cells(line []cell, style sgr) {
	for _, c := range line {
		w.write(c.text, style.and(c.style))
	}
}

func (w *writer) reset() {
	if w.style != "" {
		w.b.WriteString("\x1b[m")
		w.style = ""
	}
}

// line ends the line and returns it.
func (w *writer) line() string {
	w.reset()
	s := w.b.String()
	w.b.Reset()
	return s
}
