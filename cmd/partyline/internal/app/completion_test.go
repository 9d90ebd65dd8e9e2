package app

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// complete returns what a shell is told to offer for the last of args: the words without their
// descriptions, and what else it may offer.
func complete(t *testing.T, args ...string) (words []string, directive cobra.ShellCompDirective) {
	t.Helper()
	var out strings.Builder
	cmd := newCommand("test")
	cmd.SetOut(&out)
	cmd.SetErr(&strings.Builder{})
	cmd.SetArgs(append([]string{cobra.ShellCompRequestCmd}, args...))
	if err := cmd.Execute(); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := len(lines) - 1
	if _, err := fmt.Sscanf(lines[last], ":%d", &directive); err != nil {
		t.Fatalf("%q: %q: %v", args, lines, err)
	}
	for _, line := range lines[:last] {
		word, _, _ := strings.Cut(line, "\t")
		words = append(words, word)
	}
	return words, directive
}

// TestComplete completes commands, flags, arguments and values.
func TestComplete(t *testing.T) {
	const files, none = cobra.ShellCompDirectiveDefault, cobra.ShellCompDirectiveNoFileComp
	for _, c := range []struct {
		args      []string
		want      []string
		directive cobra.ShellCompDirective
	}{
		{[]string{"t"}, []string{"talk"}, none},
		{[]string{"--lo"}, []string{"--log-level", "--log-format"}, none},
		{[]string{"--log-level", ""}, []string{"debug", "info", "warn", "error"}, none},
		{[]string{"--log-level="}, []string{"debug", "info", "warn", "error"}, none},
		{[]string{"config", "--proxy-header", ""}, []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "PROXY"}, none},
		{[]string{"--max-line", ""}, nil, none},
		{[]string{"--config", ""}, []string{"toml"}, cobra.ShellCompDirectiveFilterFileExt},
		{[]string{"--tls-key", ""}, nil, files},
		{[]string{"--data", ""}, nil, cobra.ShellCompDirectiveFilterDirs},
		{[]string{"config", ""}, []string{"check"}, none},
		{[]string{"config", "check", ""}, []string{"toml"}, cobra.ShellCompDirectiveFilterFileExt},
		{[]string{"completion", ""}, []string{"bash", "zsh", "fish"}, none},
		{[]string{"send", "host", ""}, nil, none},
		{[]string{"talk", "--since", ""}, nil, none},
	} {
		words, directive := complete(t, c.args...)
		if !slices.Equal(words, c.want) || directive != c.directive {
			t.Errorf("%q: %q, %d, not %q, %d", c.args, words, directive, c.want, c.directive)
		}
	}
}

// TestCompleteValues completes the value of each flag. A shell offers files only for a flag that takes
// the path of one.
func TestCompleteValues(t *testing.T) {
	root := newCommand("test")
	n := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal != "" {
				return
			}
			n++
			_, directive := complete(t, append(slices.Clone(path), "--"+f.Name, "")...)
			if path := f.Value.Type() == "file" || f.Value.Type() == "folder"; path == (directive == cobra.ShellCompDirectiveNoFileComp) {
				t.Errorf("%s --%s %s: directive %d", c.CommandPath(), f.Name, f.Value.Type(), directive)
			}
		})
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(root)
	if n < 80 {
		t.Errorf("%d flags were completed", n)
	}
}
