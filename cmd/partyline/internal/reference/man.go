package reference

import (
	"fmt"
	"strings"
	"time"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/spf13/cobra"
)

// Man returns the man pages of a command and of those below it, by the names of their files. date is
// that of the version.
func Man(root *cobra.Command, date time.Time) map[string][]byte {
	files := make(map[string][]byte)
	all := pages(root)
	for _, p := range all {
		name := manName(p)
		var others []string
		for _, other := range all {
			if manName(other) != name {
				others = append(others, "**"+manName(other)+"**(1)")
			}
		}
		files[name+".1"] = md2man.Render([]byte(p.man(date, strings.Join(others, ", "))))
	}
	return files
}

// manName returns the name of a man page: "partyline-talk".
func manName(p page) string { return strings.ReplaceAll(p.CommandPath(), " ", "-") }

// man returns the source of a man page.
func (p page) man(date time.Time, seeAlso string) string {
	var b strings.Builder
	name := manName(p)
	version, _, _ := strings.Cut(p.Root().Version, " ")
	fmt.Fprintf(&b, "%% %s 1 %q %q %q\n", strings.ToUpper(name), date.UTC().Format(time.DateOnly), "partyline "+version, "partyline")
	fmt.Fprintf(&b, "\n# NAME\n\n%s - %s\n", name, lowerFirst(p.Short))
	arguments := strings.TrimPrefix(p.usage(), p.CommandPath())
	fmt.Fprintf(&b, "\n# SYNOPSIS\n\n**%s**%s\n", p.CommandPath(), escape(arguments))
	b.WriteString("\n# DESCRIPTION\n")
	var sections strings.Builder
	for _, d := range p.description() {
		switch {
		case d.text != "":
			fmt.Fprintf(&b, "\n%s\n", escape(d.text))
		case d.title != "":
			fmt.Fprintf(&sections, "\n# %s\n\n```\n%s\n```\n", strings.ToUpper(d.title), d.block)
		default:
			fmt.Fprintf(&b, "\n```\n%s\n```\n", d.block)
		}
	}
	b.WriteString("\n# OPTIONS\n")
	if p.optionsOf != "" {
		fmt.Fprintf(&b, "\nThe options are those of **%s**(1).\n", p.optionsOf)
	}
	for _, f := range p.options {
		fmt.Fprintf(&b, "\n**%s**", f.names)
		if f.value != "" {
			fmt.Fprintf(&b, " *%s*", f.value)
		}
		usage := f.usage
		if f.variable != "" {
			usage += "; variable " + f.variable
		}
		if f.initial != "" {
			usage += "; default " + f.initial
		}
		fmt.Fprintf(&b, "\n: %s\n", escape(usage))
	}
	b.WriteString(sections.String())
	if p.Example != "" {
		fmt.Fprintf(&b, "\n# EXAMPLES\n\n```\n%s\n```\n", unindent(p.Example))
	}
	fmt.Fprintf(&b, "\n# SEE ALSO\n\n%s\n", seeAlso)
	return b.String()
}

// lowerFirst returns s with a small first letter.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
