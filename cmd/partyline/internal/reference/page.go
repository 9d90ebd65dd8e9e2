// Package reference describes the commands of partyline, in Markdown and as man pages. Its source is
// what --help prints.
package reference

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"partyline/cmd/partyline/internal/app"
)

// A page describes a command.
type page struct {
	*cobra.Command
	options   []option
	optionsOf string // the command that has the same flags, which are left out here; or ""
}

// An option is a flag of a command.
type option struct {
	names    string // "-h, --help"
	value    string // the kind of its value; "" if it needs none
	usage    string
	variable string // of the environment; "" if there is none
	initial  string // its default; "" for none, 0 or false
}

// pages returns the pages of a command and of those below it.
func pages(c *cobra.Command) []page {
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	p := page{Command: c, options: options(c)}
	if c.HasParent() && settings(c) != "" && settings(c) == settings(c.Root()) {
		p.options, p.optionsOf = nil, c.Root().CommandPath()
	}
	all := []page{p}
	for _, below := range c.Commands() {
		if !below.Hidden && below.Name() != "help" {
			all = append(all, pages(below)...)
		}
	}
	return all
}

// settings returns the names of the flags of c that have a variable.
func settings(c *cobra.Command) (names string) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if app.Variable(c, f.Name) != "" {
			names += f.Name + " "
		}
	})
	return names
}

func options(c *cobra.Command) (all []option) {
	c.Flags().VisitAll(func(f *pflag.Flag) {
		kind, usage := pflag.UnquoteUsage(f)
		if f.NoOptDefVal != "" {
			kind = ""
		}
		names := "--" + f.Name
		if f.Shorthand != "" {
			names = "-" + f.Shorthand + ", " + names
		}
		initial := f.DefValue
		if initial == "0" || initial == "false" {
			initial = ""
		}
		all = append(all, option{names, kind, usage, app.Variable(c, f.Name), initial})
	})
	return all
}

// usage returns the line with which a command is used.
func (p page) usage() string { return p.UseLine() }

// description returns what a command does, as paragraphs and blocks. A block is indented. If it has a
// title, that is the line above it, which ends with a colon.
func (p page) description() (parts []part) {
	text := p.Long
	if text == "" {
		text = p.Short + "."
	}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		title, block, ok := strings.Cut(paragraph, ":\n  ")
		switch {
		case strings.HasPrefix(paragraph, "  "):
			parts = append(parts, part{block: unindent(paragraph)})
		case ok && !strings.Contains(title, "\n"):
			parts = append(parts, part{title: title, block: unindent("  " + block)})
		default:
			parts = append(parts, part{text: paragraph})
		}
	}
	return parts
}

// A part of a description is a text, or a block of lines.
type part struct{ text, title, block string }

// unindent removes the indentation of a block.
func unindent(block string) string {
	return strings.TrimPrefix(strings.ReplaceAll(block, "\n  ", "\n"), "  ")
}

// escape returns a text without the characters that Markdown interprets.
var escape = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `<`, `\<`, "`", "\\`", `[`, `\[`, `]`, `\]`).Replace
