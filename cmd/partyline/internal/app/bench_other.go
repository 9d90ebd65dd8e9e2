//go:build !linux || portable

package app

import (
	"errors"

	"github.com/spf13/cobra"
)

// newBenchCommand returns a command that fails: bench needs Linux.
func newBenchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bench",
		Short: "Measure a server with many members (on Linux)",
		RunE:  func(*cobra.Command, []string) error { return errors.New("bench needs Linux") },
	}
}
