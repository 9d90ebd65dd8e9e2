//go:build !linux || portable || small

package app

import (
	"errors"

	"github.com/spf13/cobra"
)

// newBenchCommand returns a command that fails: bench needs Linux, and is not in the container image.
func newBenchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bench",
		Short: "Measure a server with many members (on Linux)",
		RunE: func(*cobra.Command, []string) error {
			return errors.New("this build has no bench, which needs Linux and is not in the container image")
		},
	}
}
