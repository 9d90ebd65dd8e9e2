//go:build small

package app

import (
	"fmt"

	"github.com/spf13/cobra"
)

// onTerminal talks as in a pipe: this build has no screen.
func (t *talk) onTerminal(cmd *cobra.Command, address string) error {
	fmt.Fprintln(cmd.ErrOrStderr(), "partyline: this build has no screen, and talks as in a pipe: /quit leaves")
	return t.inPipe(cmd, address)
}
