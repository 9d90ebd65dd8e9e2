//go:build !linux

package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// newBenchCommand returns a command that says why there is none.
func newBenchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "bench",
		Short: "Measure a server with many members (on Linux)",
		RunE:  func(*cobra.Command, []string) error { return errors.New("bench needs Linux") },
	}
}
