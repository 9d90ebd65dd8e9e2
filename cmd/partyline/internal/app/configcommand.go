package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// configFlag is the flag that names the configuration file.
const configFlag = "config"

const aboutConfig = `config prints the settings of a server that is started with the same flags, variables and
file: each with what it means and where its value comes from. The output is a file for --config.

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
		if f.Name == "help" || f.Name == "version" || f.Name == configFlag {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s# From: %s\n%s = %s\n", comment(f.Usage), cmp.Or(set[f.Name], "the default"), f.Name, tomlValue(f.Value))
	})
	_, err := io.WriteString(w, b.String())
	return err
}

// commentWidth is the width of the comments in a configuration, in bytes.
const commentWidth = 100

// comment returns a text as lines of a comment.
func comment(text string) string {
	var b strings.Builder
	width := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case width == 0:
			b.WriteString("#")
		case width+1+len(word) > commentWidth:
			b.WriteString("\n#")
			width = 0
		}
		b.WriteString(" " + word)
		width = max(width, 1) + 1 + len(word)
	}
	return b.String() + "\n"
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

// settings are a Config and where its values come from.
type settings struct {
	Config
	File string // --config
}

func newSettings(version string) *settings {
	s := &settings{Config: DefaultConfig()}
	s.Version = version
	return s
}

func (s *settings) addFlags(f *pflag.FlagSet) {
	f.StringVar(&s.File, configFlag, s.File, `file with settings in TOML, whose keys are the names of these flags; "partyline config" prints one; "" for none`)
	s.Config.addFlags(f)
}

// load sets what the command line has not set: from the environment, and then from the file.
func (s *settings) load(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	set, err := fromEnvironment(flags, lookup)
	if err != nil {
		return err
	}
	s.set = set
	if s.File != "" {
		file, err := readConfig(s.File)
		if err != nil {
			return err
		}
		if err := file.apply(flags, s.set); err != nil {
			return err
		}
	}
	flags.Visit(func(f *pflag.Flag) { s.set[f.Name] = "--" + f.Name })
	if s.TCP == "" && s.HTTP == "" {
		return errors.New("both listeners are off: give --tcp or --http an address")
	}
	return nil
}
