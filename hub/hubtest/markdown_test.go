package hubtest

import (
	"fmt"
	"strings"
)

// markdownTable returns the inputs of the file at path as a table in Markdown.
func markdownTable(path string) (string, error) {
	inputs, err := readInputs(path)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| input | sent | transport | the sender gets | the others get |\n|---|---|---|---|---|\n")
	for _, in := range inputs {
		tcp, onTCP := in.results["tcp"]
		ws, onWS := in.results["ws"]
		switch {
		case onTCP && onWS && fmt.Sprint(tcp) == fmt.Sprint(ws):
			in.row(&b, "tcp, ws", tcp)
		default:
			if onTCP {
				in.row(&b, "tcp", tcp)
			}
			if onWS {
				in.row(&b, "ws", ws)
			}
		}
	}
	return b.String(), nil
}

// row writes the row of an input for one transport or for several.
func (in *input) row(b *strings.Builder, transport string, r result) {
	var sent []string
	for _, s := range in.sent {
		mark := ""
		if s.kind != LineOfText {
			mark = s.kind.String() + " "
		}
		sent = append(sent, mark+code(s.written))
	}
	if in.leaves {
		sent = append(sent, "end of input")
	}
	sender := codes(r.sender)
	if r.end != "" {
		sender = append(sender, "end: "+r.end)
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", in.what, strings.Join(sent, "<br>"),
		transport, orNothing(sender), orNothing(codes(r.others)))
}

func orNothing(cells []string) string {
	if len(cells) == 0 {
		return "nothing"
	}
	return strings.Join(cells, "<br>")
}

// codes returns the cells for lines. It counts a line that is repeated more than twice.
func codes(lines []string) (cells []string) {
	for i := 0; i < len(lines); {
		n := 1
		for i+n < len(lines) && lines[i+n] == lines[i] {
			n++
		}
		cell := code(lines[i])
		if n > 2 {
			cell += fmt.Sprintf(", %d times", n)
		} else if n == 2 {
			cells = append(cells, cell)
		}
		cells = append(cells, cell)
		i += n
	}
	return cells
}

// code returns s as a code span for a cell.
func code(s string) string {
	if s == "" {
		return "(empty)"
	}
	s = strings.ReplaceAll(s, "|", `\|`)
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}
