package app

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const aboutConfig = `config prints the settings of a server that is started with the same flags, variables and
file: each with what it means and where its value comes from. The output is a file for --config.

A running server reads them again at SIGHUP. Some changes need a restart instead.

A flag overrides its variable, which overrides the file. The file is TOML, and its keys are the
names of the flags:

  tcp = ":4000"
  max-line = "8KiB"
  proxy = ["192.0.2.0/24", "unix"]`

// newConfigCommand returns the command that prints and checks settings.
func newConfigCommand() *cobra.Command {
	s := newSettings("")
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the settings and where they come from, or check a file",
		Long:  aboutConfig,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.load(cmd.Flags(), os.LookupEnv); err != nil {
				return err
			}
			return printConfig(cmd.OutOrStdout(), cmd.Flags(), s.set)
		},
	}
	s.addFlags(cmd.Flags())
	cmd.AddCommand(&cobra.Command{
		Use:   "check FILE",
		Short: "Check a configuration file",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"toml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			checked := newSettings("")
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			checked.addFlags(flags)
			checked.File = args[0]
			if err := checked.load(flags, func(string) (string, bool) { return "", false }); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is valid\n", args[0])
			return err
		},
	})
	return cmd
}

// printConfig prints the flags as a configuration file. set has where each was set, if it was.
func printConfig(w io.Writer, flags *pflag.FlagSet, set map[string]string) error {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if slices.Contains(notInFile, f.Name) {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		change := "A change needs a restart."
		if slices.Contains(reloaded, f.Name) {
			change = "A change needs SIGHUP."
		}
		fmt.Fprintf(&b, "%s# %s\n# From: %s\n%s = %s\n", comment(f.Usage), change, cmp.Or(set[f.Name], "the default"), f.Name, tomlValue(f.Value))
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// commentWidth is the width of the comments in a configuration, in bytes.
const commentWidth = 100

// comment returns a text as lines of a comment.
func comment(text string) string {
	return "# " + strings.ReplaceAll(fill(text, commentWidth-len("# ")), "\n", "\n# ") + "\n"
}

// fill breaks a text into lines of at most width bytes.
func fill(text string, width int) string {
	var b strings.Builder
	used := 0 // of the line
	for word := range strings.FieldsSeq(text) {
		switch {
		case used == 0:
		case used+1+len(word) > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	return b.String()
}

// tomlValue returns the value of a flag in TOML.
func tomlValue(v pflag.Value) string {
	switch v := v.(type) {
	case *value[[]string]:
		quoted := make([]string, len(*v.to))
		for i, s := range *v.to {
			quoted[i] = tomlString(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case *value[int], *value[float64], *value[bool]:
		if _, err := strconv.ParseFloat(v.String(), 64); err == nil || v.Type() == "bool" {
			return v.String()
		}
	}
	return tomlString(v.String())
}

// tomlString quotes a text.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
