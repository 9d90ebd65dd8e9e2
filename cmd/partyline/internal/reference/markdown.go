package reference

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const about = `# Commands and flags

This is what ` + "`partyline --help`" + ` and ` + "`partyline COMMAND --help`" + ` print. The man pages contain the same.
[configuration.md](configuration.md) describes how flags, variables and a file are combined.

<!-- Written by: go test ./cmd/partyline/internal/reference -update -->
`

// Markdown returns the reference of a command and of those below it.
func Markdown(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(about + "\n")
	all := pages(root)
	for _, p := range all {
		name := p.CommandPath()
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", name, strings.ReplaceAll(name, " ", "-"), p.Short)
	}
	for _, p := range all {
		p.markdown(&b)
	}
	return b.String()
}

func (p page) markdown(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n```sh\n%s\n```\n", p.CommandPath(), p.usage())
	for _, d := range p.description() {
		switch {
		case d.text != "":
			fmt.Fprintf(b, "\n%s\n", escape(d.text))
		case d.title != "":
			fmt.Fprintf(b, "\n%s:\n\n```\n%s\n```\n", d.title, d.block)
		default:
			fmt.Fprintf(b, "\n```\n%s\n```\n", d.block)
		}
	}
	if p.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n```sh\n%s\n```\n", unindent(p.Example))
	}
	if p.optionsOf != "" {
		fmt.Fprintf(b, "\nThe flags are those of `%s`.\n", p.optionsOf)
		return
	}
	b.WriteString("\n")
	for _, f := range p.options {
		fmt.Fprintf(b, "- `%s`", strings.TrimSpace(f.names+" "+f.value))
		var notes []string
		if f.variable != "" {
			notes = append(notes, "`"+f.variable+"`")
		}
		if f.initial != "" {
			notes = append(notes, "default `"+f.initial+"`")
		}
		if len(notes) > 0 {
			fmt.Fprintf(b, " (%s)", strings.Join(notes, ", "))
		}
		fmt.Fprintf(b, ": %s\n", escape(f.usage))
	}
}
