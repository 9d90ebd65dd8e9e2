// Command partyline is a room for everybody: netcat and browsers on one line.
package main

import (
	"context"
	"fmt"
	"os"
)

// version is set by the linker in a release.
var version = "dev"

func main() {
	ctx, stop := signalContext(context.Background())
	defer stop()
	cmd := newCommand()
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "partyline: %v\n", err)
		os.Exit(1)
	}
}
