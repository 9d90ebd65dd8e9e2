package app

import (
	"github.com/spf13/cobra"
)

// Command returns the command that Main runs, for packages that describe it or run it.
func Command(version string) *cobra.Command { return newCommand(version) }

// Variable returns the environment variable that sets a flag of a command, or "" if there is none.
func Variable(c *cobra.Command, flag string) string {
	if c.Flags().Lookup(configFlag) == nil || flag == "help" || flag == "version" {
		return ""
	}
	return variable(flag)
}
